//! Sessions and tokens: kept apart from records, so that no list, export or history can ever show
//! them, and as hashes only.

use guanxi_base::{Error, RawId, Result, Timestamp};
use jiff::SignedDuration;
use sha2::{Digest, Sha256};

use crate::actor::{Purpose, TokenScopes};
use crate::sql::{SqlRow, SqlValue};
use crate::store::Store;

/// When a session was seen last is noted no more often than this.
const SEEN_MINUTES: i64 = 5;

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignInKind {
    /// A browser session.
    Session,
    /// An API token.
    ApiToken,
    /// Between the password and the second factor.
    SecondStep,
    /// To choose the first password, or a new one in place of a forgotten one.
    PasswordLink,
}

impl SignInKind {
    const NAMES: [(&'static str, Self); 4] = [
        ("session", Self::Session),
        ("api_token", Self::ApiToken),
        ("second_step", Self::SecondStep),
        ("password_link", Self::PasswordLink),
    ];

    fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| name)
    }
}

/// A token to be made.
#[derive(Debug, Clone)]
pub struct NewSignIn {
    /// What it is for.
    pub kind: SignInKind,
    /// What its owner calls it.
    pub name: Option<String>,
    /// When it ends; never when there is none.
    pub expires_at: Option<Timestamp>,
    /// From which network address it was asked for.
    pub address: Option<String>,
    /// By which browser.
    pub agent: Option<String>,
    /// What it is limited to.
    pub scopes: Option<TokenScopes>,
}

impl NewSignIn {
    /// One without any limit.
    #[must_use]
    pub fn of(kind: SignInKind) -> Self {
        Self { kind, name: None, expires_at: None, address: None, agent: None, scopes: None }
    }

    /// The same until a time.
    #[must_use]
    pub fn until(mut self, expires_at: Timestamp) -> Self {
        self.expires_at = Some(expires_at);
        self
    }
}

/// Somebody who is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignIn {
    /// The session or token.
    pub id: RawId,
    /// The user.
    pub user: RawId,
    /// When it was last seen, to a few minutes.
    pub seen_at: Timestamp,
    /// What it is limited to.
    pub scopes: Option<TokenScopes>,
}

/// A session or token as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInInfo {
    /// To end it by.
    pub id: RawId,
    /// What it is for.
    pub kind: SignInKind,
    /// What its owner calls it.
    pub name: Option<String>,
    /// From which network address it was asked for.
    pub address: Option<String>,
    /// By which browser.
    pub agent: Option<String>,
    /// What it is limited to.
    pub scopes: Option<TokenScopes>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last seen, to a few minutes.
    pub seen_at: Timestamp,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
}

impl TokenScopes {
    /// As text: `read` for all types, `customer:read,create`, separated by spaces.
    #[must_use]
    pub fn to_text(&self) -> String {
        let one = |(record_type, purposes): &(Option<String>, Vec<Purpose>)| {
            let names: Vec<&str> = purposes.iter().map(|purpose| purpose.name()).collect();
            let names = names.join(",");
            record_type.as_ref().map_or(names.clone(), |of| format!("{of}:{names}"))
        };
        self.0.iter().map(one).collect::<Vec<_>>().join(" ")
    }

    /// Reads `to_text`; the word that is none.
    ///
    /// # Errors
    /// That word.
    pub fn from_text(text: &str) -> std::result::Result<Self, String> {
        let one = |word: &str| {
            let (record_type, names) = match word.split_once(':') {
                Some((record_type, names)) => (Some(record_type.to_owned()), names),
                None => (None, word),
            };
            let purposes = names.split(',').map(Purpose::from_name);
            let purposes: Option<Vec<Purpose>> = purposes.collect();
            purposes.map(|purposes| (record_type, purposes)).ok_or_else(|| word.to_owned())
        };
        text.split_whitespace().map(one).collect::<std::result::Result<_, _>>().map(Self)
    }
}

pub(crate) fn hash(token: &str) -> String {
    let digest = Sha256::digest(token.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn random_text() -> Result<String> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(|e| Error::internal(e.to_string()))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

impl Store {
    /// A password that nobody can guess.
    ///
    /// # Errors
    /// When the machine has no randomness.
    pub fn random_password(&self) -> Result<String> {
        Ok(random_text()?[..16].to_owned())
    }

    /// A new token of a user; only the caller ever sees it. Those that expired are swept out.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn create_sign_in(&self, user: RawId, new: NewSignIn) -> Result<String> {
        let token = format!("gx_{}", random_text()?);
        let now = SqlValue::Instant(self.clock().now());
        let columns = [
            "token_hash",
            "id",
            "user",
            "kind",
            "name",
            "created_at",
            "seen_at",
            "expires_at",
            "address",
            "agent",
            "scopes",
        ];
        let text = |text: Option<String>| SqlValue::or_null(text, SqlValue::Text);
        let agent = new.agent.map(|agent| agent.chars().take(300).collect());
        let row = vec![
            SqlValue::Text(hash(&token)),
            SqlValue::Integer(self.new_id().0),
            SqlValue::Integer(user.0),
            SqlValue::Text(new.kind.name().to_owned()),
            text(new.name),
            now.clone(),
            now.clone(),
            SqlValue::or_null(new.expires_at, SqlValue::Instant),
            text(new.address),
            text(agent),
            text(new.scopes.map(|scopes| scopes.to_text())),
        ];
        let mut session = self.writer().await?;
        let mut sql = session.sql("DELETE FROM session WHERE expires_at < ");
        sql.bind(now);
        session.execute(&sql).await?;
        session.insert_rows("session", &columns, &[row]).await?;
        Ok(token)
    }

    /// Who a token stands for, if it is known and has not expired.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sign_in(&self, token: &str, kind: SignInKind) -> Result<Option<SignIn>> {
        let mut session = self.reader().await?;
        let mut sql =
            session.sql("SELECT id, \"user\", seen_at, scopes FROM session WHERE token_hash = ");
        sql.bind(SqlValue::Text(hash(token)));
        sql.push(" AND kind = ").bind(SqlValue::Text(kind.name().to_owned()));
        sql.push(" AND (expires_at IS NULL OR expires_at > ");
        sql.bind(SqlValue::Instant(self.clock().now())).push(")");
        let Some(row) = session.rows(&sql).await?.into_iter().next() else { return Ok(None) };
        drop(session);
        let found = SignIn {
            id: RawId(row[0].integer()?),
            user: RawId(row[1].integer()?),
            seen_at: row[2].instant()?,
            scopes: read_scopes(&row[3])?,
        };
        let now = self.clock().now();
        if now.duration_since(found.seen_at) > SignedDuration::from_mins(SEEN_MINUTES)
            && let Some(mut session) = self.writer_if_free().await?
        {
            let mut sql = session.sql("UPDATE session SET seen_at = ");
            sql.bind(SqlValue::Instant(now)).push(" WHERE id = ");
            sql.bind(SqlValue::Integer(found.id.0));
            session.execute(&sql).await?;
        }
        Ok(Some(found))
    }

    /// The sessions and API tokens of a user, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sign_ins_of(&self, user: RawId) -> Result<Vec<SignInInfo>> {
        let mut session = self.reader().await?;
        let mut sql = session.sql(
            "SELECT id, kind, name, address, agent, scopes, created_at, seen_at, expires_at \
             FROM session WHERE kind IN ('session', 'api_token') AND \"user\" = ",
        );
        sql.bind(SqlValue::Integer(user.0)).push(" AND (expires_at IS NULL OR expires_at > ");
        sql.bind(SqlValue::Instant(self.clock().now())).push(") ORDER BY id DESC");
        session.rows(&sql).await?.into_iter().map(read_info).collect()
    }

    /// Whether a user has an open session that was begun from this address.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn is_signed_in_from(&self, user: RawId, address: &str) -> Result<bool> {
        if address.is_empty() {
            return Ok(false);
        }
        let mut session = self.reader().await?;
        let mut sql = session.sql("SELECT 1 FROM session WHERE kind = 'session' AND \"user\" = ");
        sql.bind(SqlValue::Integer(user.0)).push(" AND address = ");
        sql.bind(SqlValue::Text(address.to_owned()));
        sql.push(" AND (expires_at IS NULL OR expires_at > ");
        sql.bind(SqlValue::Instant(self.clock().now())).push(") LIMIT 1");
        Ok(session.value(&sql).await?.is_some())
    }

    /// Ends a session or token of a user by its id.
    ///
    /// # Errors
    /// `NotFound` when they have none of this id.
    pub async fn end_sign_in_of(&self, user: RawId, id: RawId) -> Result<()> {
        let mut session = self.writer().await?;
        let mut sql = session.sql("DELETE FROM session WHERE id = ");
        sql.bind(SqlValue::Integer(id.0)).push(" AND \"user\" = ");
        sql.bind(SqlValue::Integer(user.0));
        if session.execute(&sql).await? == 0 { Err(Error::NotFound) } else { Ok(()) }
    }

    /// Ends all sessions and tokens of a user.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_sign_ins_of(&self, user: RawId) -> Result<()> {
        let mut session = self.writer().await?;
        let mut sql = session.sql("DELETE FROM session WHERE \"user\" = ");
        sql.bind(SqlValue::Integer(user.0));
        session.execute(&sql).await?;
        Ok(())
    }

    /// Ends a session or a token; false when it was not there any more.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_sign_in(&self, token: &str) -> Result<bool> {
        let mut session = self.writer().await?;
        let mut sql = session.sql("DELETE FROM session WHERE token_hash = ");
        sql.bind(SqlValue::Text(hash(token)));
        Ok(session.execute(&sql).await? > 0)
    }
}

fn read_scopes(value: &SqlValue) -> Result<Option<TokenScopes>> {
    let SqlValue::Text(text) = value else { return Ok(None) };
    let scopes = TokenScopes::from_text(text);
    scopes.map(Some).map_err(|word| Error::internal(format!("{word} is no scope of a token")))
}

fn read_info(row: SqlRow) -> Result<SignInInfo> {
    let text = |at: usize| row[at].clone().into_text().ok();
    let kind = text(1).unwrap_or_default();
    let kind = SignInKind::NAMES.iter().find(|(name, _)| *name == kind);
    Ok(SignInInfo {
        id: RawId(row[0].integer()?),
        kind: kind.map_or(SignInKind::Session, |(_, kind)| *kind),
        name: text(2),
        address: text(3),
        agent: text(4),
        scopes: read_scopes(&row[5])?,
        created_at: row[6].instant()?,
        seen_at: row[7].instant()?,
        expires_at: row[8].optional_instant()?,
    })
}
