//! Password hashes, sessions and tokens: kept apart from records, so that no list, export or
//! history can ever show them. Tokens are kept as hashes only.

use guanxi_base::{RawId, Result, Timestamp};
use sha2::{Digest, Sha256};

use crate::sql::{SqlRow, SqlValue};
use crate::store::Store;

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignInKind {
    /// A browser session.
    Session,
    /// An API token.
    ApiToken,
}

impl SignInKind {
    fn name(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::ApiToken => "api_token",
        }
    }
}

/// Somebody who is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignIn {
    /// The user.
    pub user: RawId,
    /// When the session was last seen.
    pub seen_at: Timestamp,
}

fn hash(token: &str) -> SqlValue {
    let digest = Sha256::digest(token.as_bytes());
    SqlValue::Text(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn random_text() -> Result<String> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(|e| guanxi_base::Error::internal(e.to_string()))?;
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

    /// The password hash of a user.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn password_hash(&self, user: RawId) -> Result<Option<String>> {
        let mut session = self.reader().await?;
        let mut sql = session.sql("SELECT password FROM credential WHERE \"user\" = ");
        sql.bind(SqlValue::Integer(user.0));
        session.value(&sql).await?.map(SqlValue::into_text).transpose()
    }

    /// Sets the password hash of a user, and ends all their sessions.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_password_hash(&self, user: RawId, hash: &str) -> Result<()> {
        let mut session = self.writer().await?;
        session.begin().await?;
        let mut sql = session.sql("INSERT INTO credential (\"user\", password) VALUES (");
        sql.bind_all([SqlValue::Integer(user.0), SqlValue::Text(hash.to_owned())]);
        sql.push(") ON CONFLICT (\"user\") DO UPDATE SET password = excluded.password");
        session.execute(&sql).await?;
        let mut sql = session.sql("DELETE FROM session WHERE kind = 'session' AND \"user\" = ");
        sql.bind(SqlValue::Integer(user.0));
        session.execute(&sql).await?;
        session.commit().await
    }

    /// A new token of a user; only the caller ever sees it. Those that expired are swept out.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn create_sign_in(
        &self,
        user: RawId,
        kind: SignInKind,
        name: Option<String>,
        expires_at: Option<Timestamp>,
    ) -> Result<String> {
        let token = format!("gx_{}", random_text()?);
        let now = SqlValue::Instant(self.clock().now());
        let columns = ["token_hash", "user", "kind", "name", "created_at", "seen_at", "expires_at"];
        let row = vec![
            hash(&token),
            SqlValue::Integer(user.0),
            SqlValue::Text(kind.name().to_owned()),
            SqlValue::or_null(name, SqlValue::Text),
            now.clone(),
            now,
            SqlValue::or_null(expires_at, SqlValue::Instant),
        ];
        let mut session = self.writer().await?;
        let mut sql = session.sql("DELETE FROM session WHERE expires_at < ");
        sql.bind(SqlValue::Instant(self.clock().now()));
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
        let mut sql = session.sql("SELECT \"user\", seen_at FROM session WHERE token_hash = ");
        sql.bind(hash(token)).push(" AND kind = ").bind(SqlValue::Text(kind.name().to_owned()));
        sql.push(" AND (expires_at IS NULL OR expires_at > ");
        sql.bind(SqlValue::Instant(self.clock().now())).push(")");
        let read = |row: SqlRow| -> Result<SignIn> {
            Ok(SignIn { user: RawId(row[0].integer()?), seen_at: row[1].instant()? })
        };
        session.rows(&sql).await?.into_iter().next().map(read).transpose()
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

    /// Ends a session or a token.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_sign_in(&self, token: &str) -> Result<()> {
        let mut session = self.writer().await?;
        let mut sql = session.sql("DELETE FROM session WHERE token_hash = ");
        sql.bind(hash(token));
        session.execute(&sql).await?;
        Ok(())
    }
}
