// Un vrai fournisseur d'identité pour les essais (tests/navigateur/test_oidc.py) : `oidc-provider`, un client confidentiel avec
// PKCE exigé, des comptes de test. Usage : node fournisseur.mjs '{"application": "…", "client": "…", "secret": "…", "comptes": {…}}'.
// Écrit son adresse sur une ligne quand il est prêt ; s'arrête quand son entrée se ferme.
import { createServer } from "node:http";
import Provider from "oidc-provider";

const { application, client, secret, comptes } = JSON.parse(process.argv[2]);

const serveur = createServer();
await new Promise((pret) => serveur.listen(0, "127.0.0.1", pret));
const emetteur = `http://127.0.0.1:${serveur.address().port}`;

const fournisseur = new Provider(emetteur, {
  clients: [{
    client_id: client,
    client_secret: secret,
    redirect_uris: [`${application}/fournisseur/retour/`],
    post_logout_redirect_uris: [`${application}/`],
    backchannel_logout_uri: `${application}/fournisseur/deconnexion/`,
    token_endpoint_auth_method: "client_secret_post",
  }],
  claims: { openid: ["sub"], email: ["email", "email_verified"] },
  cookies: { keys: ["une clé d'essai"] },
  features: { backchannelLogout: { enabled: true }, devInteractions: { enabled: false } },
  pkce: { required: () => true, methods: ["S256"] },
  ttl: { AccessToken: 600, AuthorizationCode: 60, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
  interactions: { url: (_, interaction) => `/compte/${interaction.uid}` },
  findAccount: (_, sub) => (comptes[sub] ? { accountId: sub, claims: () => ({ sub, ...comptes[sub] }) } : undefined),
  // Les comptes d'essai consentent toujours : ce n'est pas ce qu'on essaie.
  async loadExistingGrant(ctx) {
    const accord = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
    accord.addOIDCScope("openid email");
    await accord.save();
    return accord;
  },
});

// Le fournisseur demande qui l'on est : une page, un bouton par compte.
fournisseur.use(async (ctx, suite) => {
  if (!ctx.path.startsWith("/compte/")) return suite();
  await fournisseur.interactionDetails(ctx.req, ctx.res);
  const accountId = ctx.query.choisi;
  if (!accountId) {
    ctx.type = "html";
    const choix = Object.keys(comptes).map((sub) => `<li><a href="?choisi=${sub}">${sub}</a></li>`);
    ctx.body = `<!doctype html><html lang="fr"><title>Qui êtes-vous ?</title><ul>${choix.join("")}</ul>`;
    return undefined;
  }
  ctx.respond = false;
  return fournisseur.interactionFinished(ctx.req, ctx.res, { login: { accountId } }, { mergeWithLastSubmission: false });
});

serveur.on("request", fournisseur.callback());
process.stdin.on("end", () => process.exit(0)).resume();
console.log(emetteur);
