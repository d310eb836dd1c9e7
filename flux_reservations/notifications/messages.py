"""Les messages : une classe par message envoyé. Un courriel ne porte qu'un lien, jamais un logement ni une demande (RG-66)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import date

from flux_reservations.commun.lignes import replier
from flux_reservations.notifications.models import GenreEnvoi
from flux_reservations.socle.presentation import ecrire_date

SIGNATURE = (
    "Ce message est envoyé par la plateforme Flux réservations pour le compte de {emetteur}.\n"
    "Merci de ne pas y répondre : l'accusé de réception se donne sur la page ci-dessus, une fois connecté."
)


@dataclass(frozen=True, slots=True)
class Message(ABC):
    """Ce qu'un envoi écrit ; `lien` est l'adresse de la page qui remet la pièce, donnée à l'écriture."""

    emetteur: str

    @property
    @abstractmethod
    def genre(self) -> GenreEnvoi:
        """Le genre d'envoi."""

    @abstractmethod
    def objet(self) -> str:
        """L'objet du courriel."""

    def objet_d_une_ligne(self) -> str:
        """L'objet, blancs repliés : un en-tête de courriel tient sur une ligne, quel que soit le nom qu'il cite."""
        return replier(self.objet())

    @abstractmethod
    def phrases(self) -> list[str]:
        """Ce qui est remis et ce qu'il y a à faire, en quelques phrases."""

    def corps(self, lien: str) -> str:
        """Le texte complet."""
        paragraphes = ["Bonjour,", *self.phrases(), lien, SIGNATURE.format(emetteur=self.emetteur)]
        return "\n\n".join(paragraphes) + "\n"


@dataclass(frozen=True, slots=True)
class MessageBilan(Message):
    """Le bilan annuel est publié (RG-60)."""

    departement: str
    annee: int
    version: int = 1

    @property
    def genre(self) -> GenreEnvoi:
        """Bilan."""
        return GenreEnvoi.BILAN

    def objet(self) -> str:
        """L'objet dit s'il s'agit d'une version qui remplace la précédente."""
        suite = f" (version {self.version}, remplace la précédente)" if self.version > 1 else ""
        return f"Bilan {self.annee} des logements proposés et attribués – {self.departement}{suite}"

    def phrases(self) -> list[str]:
        """Le bilan, et l'accusé attendu."""
        return [
            (
                f"{self.emetteur} met à votre disposition le bilan {self.annee} des logements proposés et attribués dans le département "
                f"« {self.departement} », prévu par l'article R441-5-1 du code de la construction et de l'habitation."
            ),
            "Le document et son tableur se lisent sur cette page, où vous pouvez en accuser réception :",
        ]


@dataclass(frozen=True, slots=True)
class MessageDebutAnnee(Message):
    """L'information de début d'année est publiée (RG-61)."""

    departement: str
    annee: int

    @property
    def genre(self) -> GenreEnvoi:
        """Information de début d'année."""
        return GenreEnvoi.INFORMATION_DEBUT_ANNEE

    def objet(self) -> str:
        """L'objet."""
        return f"Logements soustraits du flux en {self.annee} : information de début d'année – {self.departement}"

    def phrases(self) -> list[str]:
        """L'information, et l'accusé attendu."""
        return [
            (
                f"{self.emetteur} vous informe des logements qu'il prévoit de soustraire du flux en {self.annee} dans le département "
                f"« {self.departement} », de leur affectation, et des relogements faits l'an passé."
            ),
            "Le document se lit sur cette page, où vous pouvez en accuser réception :",
        ]


@dataclass(frozen=True, slots=True)
class MessageInformationPrealable(Message):
    """L'état des lieux avant la mise en conformité (RG-18)."""

    departement: str

    @property
    def genre(self) -> GenreEnvoi:
        """Information préalable."""
        return GenreEnvoi.INFORMATION_PREALABLE

    def objet(self) -> str:
        """L'objet."""
        return f"Information préalable : état des lieux des logements réservés – {self.departement}"

    def phrases(self) -> list[str]:
        """L'état des lieux."""
        return [
            (
                f"Avant de signer ses conventions de réservation en flux, {self.emetteur} informe en même temps tous les réservataires du "
                f"département « {self.departement} » de la localisation, du nombre et des typologies des logements réservés."
            ),
            "L'état des lieux se lit sur cette page :",
        ]


@dataclass(frozen=True, slots=True)
class MessageTransmission(Message):
    """Une convention signée est transmise (RG-17)."""

    numero: str
    reservataire: str

    @property
    def genre(self) -> GenreEnvoi:
        """Transmission."""
        return GenreEnvoi.TRANSMISSION

    def objet(self) -> str:
        """L'objet."""
        return f"Convention de réservation {self.numero} avec {self.reservataire} : transmission"[:200]

    def phrases(self) -> list[str]:
        """La convention transmise."""
        return [
            f"{self.emetteur} vous transmet la convention de réservation {self.numero} signée avec {self.reservataire}.",
            "La convention se lit sur cette page, où vous pouvez en accuser réception :",
        ]


@dataclass(frozen=True, slots=True)
class MessageGarantieEteinte(Message):
    """Un emprunt garanti est remboursé : ses droits sont prorogés, puis s'éteignent (RG-23)."""

    numero: str
    dernier_versement: date
    echeance: date

    @property
    def genre(self) -> GenreEnvoi:
        """Garantie éteinte."""
        return GenreEnvoi.GARANTIE_ETEINTE

    def objet(self) -> str:
        """L'objet."""
        return f"Emprunt garanti remboursé : vos droits de la convention {self.numero}"[:200]

    def phrases(self) -> list[str]:
        """Le remboursement et la prorogation."""
        return [
            (
                f"{self.emetteur} vous informe que l'emprunt que vous garantissiez est intégralement remboursé (dernier versement le "
                f"{ecrire_date(self.dernier_versement)}). Les droits que cette garantie vous donne par la convention {self.numero} sont "
                f"prorogés jusqu'au {ecrire_date(self.echeance)} inclus (article R441-6 du code de la construction et de l'habitation)."
            ),
            "La convention se lit sur cette page :",
        ]


@dataclass(frozen=True, slots=True)
class MessageMiseADisposition(Message):
    """Un logement est mis à disposition : le courriel n'en dit que l'échéance (RG-46)."""

    limite: date | None = None

    @property
    def genre(self) -> GenreEnvoi:
        """Mise à disposition."""
        return GenreEnvoi.MISE_A_DISPOSITION

    def objet(self) -> str:
        """L'objet."""
        return f"Un logement est mis à votre disposition par {self.emetteur}"[:200]

    def phrases(self) -> list[str]:
        """L'échéance."""
        echeance = f" Vous pouvez présenter des candidats jusqu'au {ecrire_date(self.limite)}." if self.limite else ""
        return [
            f"{self.emetteur} met un logement à votre disposition.{echeance}",
            "Le logement se lit sur cette page :",
        ]


@dataclass(frozen=True, slots=True)
class MessageRelanceDesCandidats(Message):
    """Le délai de présentation s'achève sans candidat : une relance, puis la dernière (RG-46, RG-67)."""

    limite: date
    est_la_derniere: bool

    @property
    def genre(self) -> GenreEnvoi:
        """Rappel."""
        return GenreEnvoi.RAPPEL

    def objet(self) -> str:
        """L'objet dit la date limite, et si c'est le dernier rappel : il n'y en a qu'un de chaque par logement et par date."""
        rang = "Dernier rappel" if self.est_la_derniere else "Rappel"
        return f"{rang} : candidats attendus jusqu'au {ecrire_date(self.limite)}"

    def phrases(self) -> list[str]:
        """Ce qui arrive sans réponse."""
        return [
            (
                f"Un logement mis à votre disposition par {self.emetteur} attend vos candidats jusqu'au {ecrire_date(self.limite)} inclus. "
                "Sans candidat ce jour-là, il est repris pour un tour ; rendu avant, il ne vous est pas décompté."
            ),
            "Le logement, pour présenter des candidats ou le rendre :",
        ]


@dataclass(frozen=True, slots=True)
class MessageCarence(Message):
    """Le délai est passé sans candidat : le logement est repris pour un tour (RG-46) ; la carence se conteste (RG-74)."""

    limite: date
    est_decomptee: bool

    @property
    def genre(self) -> GenreEnvoi:
        """Une suite de la mise à disposition."""
        return GenreEnvoi.MISE_A_DISPOSITION

    def objet(self) -> str:
        """L'objet."""
        return f"Sans candidat au {ecrire_date(self.limite)}, un logement est repris par {self.emetteur}"[:200]

    def phrases(self) -> list[str]:
        """Ce qui s'ensuit, et comment le contester."""
        decompte = "est décompté de vos droits" if self.est_decomptee else "n'est pas décompté, selon votre convention"
        return [
            f"Le délai est passé sans candidat : le logement est repris pour un tour et {decompte}.",
            "Si c'est une erreur, contestez-la depuis la page de ce logement :",
        ]


@dataclass(frozen=True, slots=True)
class MessageReprise(Message):
    """Un logement mis à disposition est repris avant son terme : congé annulé, gel, vente, relogement (RG-40, RG-46)."""

    @property
    def genre(self) -> GenreEnvoi:
        """Une suite de la mise à disposition."""
        return GenreEnvoi.MISE_A_DISPOSITION

    def objet(self) -> str:
        """L'objet."""
        return f"Un logement mis à votre disposition est repris par {self.emetteur}"[:200]

    def phrases(self) -> list[str]:
        """Rien n'est décompté."""
        return [
            f"{self.emetteur} ne peut plus louer ce logement par votre contingent : il est repris, et rien ne vous est décompté.",
            "Son histoire se lit sur cette page :",
        ]


@dataclass(frozen=True, slots=True)
class MessageRappel(Message):
    """Une échéance approche (RG-67) : au bailleur lui-même."""

    echeance: str
    le: date
    jours: int

    @property
    def genre(self) -> GenreEnvoi:
        """Rappel."""
        return GenreEnvoi.RAPPEL

    def objet(self) -> str:
        """L'objet dit le temps qui reste."""
        restes = {-1: "dépassée d'un jour", 0: "aujourd'hui", 1: "demain"}
        reste = restes.get(self.jours, f"dans {self.jours} jours")
        return f"Échéance {reste} : {self.echeance}"[:200]

    def phrases(self) -> list[str]:
        """L'échéance et sa date."""
        return [f"{self.echeance}, le {ecrire_date(self.le)}.", "Votre échéancier :"]


@dataclass(frozen=True, slots=True)
class MessageRelance(Message):
    """Un envoi n'a pas été accusé : on le rappelle à son destinataire."""

    rappelle: str
    depose_le: date

    @property
    def genre(self) -> GenreEnvoi:
        """Rappel."""
        return GenreEnvoi.RAPPEL

    def objet(self) -> str:
        """L'objet de l'envoi, rappelé."""
        return f"Rappel : {self.rappelle}"[:200]

    def phrases(self) -> list[str]:
        """Ce qui attend."""
        return [
            f"Le document « {self.rappelle} », déposé le {ecrire_date(self.depose_le)}, attend votre accusé de réception.",
            "Il se lit sur cette page :",
        ]
