"""Un envoi peut inviter à une concertation (RG-22), ou porter une mise en demeure (RG-20)."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('acces', '0008_siren_de_bailleur_unique'),
        ('notifications', '0008_lignes_des_services_et_des_invitations'),
        ('pieces', '0002_lignes_des_pieces'),
        ('territoires', '0001_initial'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='envoi',
            name='envoi_genre_connu',
        ),
        migrations.AlterField(
            model_name='envoi',
            name='genre',
            field=models.CharField(choices=[('information_prealable', 'Information préalable (RG-18)'), ('convention_a_relire', 'Convention à relire'), ('transmission', 'Transmission de convention (RG-17)'), ('information_debut_annee', "Information de début d'année (RG-61)"), ('bilan', 'Bilan annuel (RG-60)'), ('mise_a_disposition', 'Logement mis à disposition'), ('garantie_eteinte', 'Emprunt garanti remboursé (RG-23)'), ('rappel', "Rappel d'échéance (RG-67)"), ('invitation', 'Invitation à se connecter'), ('concertation', "Concertation d'un programme neuf (RG-22)"), ('manquement', 'Mise en demeure et suites (RG-20)')], max_length=32, verbose_name='genre'),
        ),
        migrations.AddConstraint(
            model_name='envoi',
            constraint=models.CheckConstraint(condition=models.Q(('genre__in', ['information_prealable', 'convention_a_relire', 'transmission', 'information_debut_annee', 'bilan', 'mise_a_disposition', 'garantie_eteinte', 'rappel', 'invitation', 'concertation', 'manquement'])), name='envoi_genre_connu'),
        ),
    ]
