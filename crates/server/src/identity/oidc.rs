//! Signing in with an OpenID Connect provider: authorization code flow with PKCE. What must be known
//! when the browser comes back travels sealed in a cookie, so that nothing is stored meanwhile.

use guanxi_base::{Error, RawId, Refusal, Result};
use guanxi_crm::access::{Vault, user_by_address};
use guanxi_store::{Actor, Origin, Store};
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreProviderMetadata, CoreUserInfoClaims,
};
use openidconnect::{
    AuthorizationCode, ClientId, ClientSecret, CsrfToken, IssuerUrl, Nonce, OAuth2TokenResponse,
    PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope, TokenResponse, reqwest,
};
use serde::{Deserialize, Serialize};
use tokio::sync::OnceCell;

use super::{Begun, OidcConfig};

/// Seconds that the provider may take.
const SECONDS_MAX: u64 = 10;
const PURPOSE: &str = "oidc";

/// The provider, and what it says of itself once it was asked.
#[derive(Debug)]
pub(crate) struct Oidc {
    pub(crate) config: OidcConfig,
    /// Where the provider sends the browser back to.
    back: String,
    found: OnceCell<(CoreProviderMetadata, reqwest::Client)>,
}

/// What must be known when the browser comes back.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    state: String,
    nonce: String,
    verifier: String,
    to: String,
}

fn failed(error: impl std::fmt::Display) -> Error {
    tracing::warn!(%error, "the identity provider");
    Refusal::new("oidc-failed").into()
}

/// The client type depends on what is known of the provider, so it is made where it is used.
macro_rules! client {
    ($oidc:expr, $metadata:expr) => {{
        let config = &$oidc.config;
        let secret = ClientSecret::new(config.client_secret.clone());
        let id = ClientId::new(config.client_id.clone());
        let back = RedirectUrl::new($oidc.back.clone()).map_err(failed)?;
        CoreClient::from_provider_metadata($metadata.clone(), id, Some(secret))
            .set_redirect_uri(back)
    }};
}

impl Oidc {
    pub(crate) fn new(config: OidcConfig, back: String) -> Result<Self> {
        Ok(Self { config, back, found: OnceCell::new() })
    }

    async fn found(&self) -> Result<&(CoreProviderMetadata, reqwest::Client)> {
        let find = async || {
            let http = reqwest::ClientBuilder::new()
                // A redirect could lead our secret elsewhere.
                .redirect(reqwest::redirect::Policy::none())
                .timeout(std::time::Duration::from_secs(SECONDS_MAX))
                .build()
                .map_err(failed)?;
            let issuer = IssuerUrl::new(self.config.issuer.clone()).map_err(failed)?;
            let metadata =
                CoreProviderMetadata::discover_async(issuer, &http).await.map_err(failed)?;
            Ok((metadata, http))
        };
        self.found.get_or_try_init(find).await
    }

    /// Sends the browser to the provider.
    pub(crate) async fn begin(&self, vault: &Vault, to: &str) -> Result<Begun> {
        let (metadata, _) = self.found().await?;
        let client = client!(self, metadata);
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (url, state, nonce) = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .add_scope(Scope::new("email".to_owned()))
            .add_scope(Scope::new("profile".to_owned()))
            .set_pkce_challenge(challenge)
            .url();
        let kept = Kept {
            state: state.secret().clone(),
            nonce: nonce.secret().clone(),
            verifier: verifier.secret().clone(),
            to: to.to_owned(),
        };
        let plain = serde_json::to_vec(&kept).map_err(Error::internal)?;
        Ok(Begun { url: url.to_string(), sealed: vault.seal(PURPOSE, &plain)? })
    }

    /// Who came back, and where they wanted to go.
    pub(crate) async fn finish(
        &self,
        store: &Store,
        vault: &Vault,
        sealed: &str,
        (code, state): (&str, &str),
    ) -> Result<(RawId, String)> {
        let kept = vault.open(PURPOSE, sealed);
        let kept: Option<Kept> = kept.and_then(|plain| serde_json::from_slice(&plain).ok());
        let kept = kept.filter(|kept| kept.state == state);
        let kept = kept.ok_or_else(|| Refusal::new("oidc-failed"))?;
        let (metadata, http) = self.found().await?;
        let client = client!(self, metadata);
        let tokens = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .map_err(failed)?
            .set_pkce_verifier(PkceCodeVerifier::new(kept.verifier))
            .request_async(http)
            .await
            .map_err(failed)?;
        let token = tokens.id_token().ok_or_else(|| failed("no identity token"))?;
        let claims =
            token.claims(&client.id_token_verifier(), &Nonce::new(kept.nonce)).map_err(failed)?;
        let subject = claims.subject().clone();
        let mut email = claims.email().map(|email| email.to_string());
        let mut verified = claims.email_verified();
        if email.is_none()
            && let Ok(asked) =
                client.user_info(tokens.access_token().clone(), Some(subject.clone()))
        {
            let known: CoreUserInfoClaims = asked.request_async(http).await.map_err(failed)?;
            email = known.email().map(|email| email.to_string());
            verified = known.email_verified();
        }
        let email = email.filter(|_| verified == Some(true));
        let user = user_of(store, &self.config.issuer, &subject, email.as_deref()).await?;
        Ok((user, kept.to))
    }
}

/// The user whom the provider means: whom it meant before, or who has the address that it has seen
/// proof of.
async fn user_of(store: &Store, issuer: &str, subject: &str, email: Option<&str>) -> Result<RawId> {
    if let Some(known) = store.user_of_identity(issuer, subject).await? {
        return Ok(known);
    }
    let unknown = || Error::from(Refusal::new("oidc-unknown-user"));
    let email = email.ok_or_else(unknown)?;
    let mut view = store.read(&Actor::system(Origin::Web)).await?;
    let user = user_by_address(&mut view, email).await?.ok_or_else(unknown)?.id;
    drop(view);
    store.bind_identity(issuer, subject, user).await?;
    Ok(user)
}
