//! Passwords, second factors, locks and the names by which identity providers know people: how a
//! user proves who they are. Kept apart from records; secrets are hashes or sealed.

use guanxi_base::{RawId, Result, Timestamp};
use jiff::SignedDuration;
use serde_json::{Value as Json, json};

use crate::session::Session;
use crate::sign_in::hash;
use crate::sql::SqlValue;
use crate::store::Store;
use crate::tx::Tx;

/// How somebody proves who they are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Credential {
    /// The hash of the password.
    pub password: Option<String>,
    /// The sealed secret of the second factor.
    pub second_factor: Option<String>,
    /// Hashes of the recovery codes that are left.
    pub recovery: Vec<String>,
    /// Failures since the last success.
    pub failures: i64,
    /// Before this time no try counts from a place that is not known.
    pub locked_until: Option<Timestamp>,
}

impl Store {
    /// How a user proves who they are.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn credential(&self, user: RawId) -> Result<Credential> {
        let mut session = self.reader().await?;
        let mut sql = session.sql(
            "SELECT password, second_factor, recovery, failures, locked_until FROM credential \
             WHERE \"user\" = ",
        );
        sql.bind(SqlValue::Integer(user.0));
        let Some(row) = session.rows(&sql).await?.into_iter().next() else {
            return Ok(Credential::default());
        };
        let text = |at: usize| row[at].clone().into_text().ok();
        let recovery = text(2).and_then(|text| serde_json::from_str::<Vec<String>>(&text).ok());
        Ok(Credential {
            password: text(0),
            second_factor: text(1),
            recovery: recovery.unwrap_or_default(),
            failures: row[3].integer().unwrap_or(0),
            locked_until: row[4].optional_instant()?,
        })
    }

    /// Sets the password hash of a user, takes off a lock, and ends all their sessions and links.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_password_hash(&self, user: RawId, hash: &str) -> Result<()> {
        let mut session = self.writer().await?;
        session.begin().await?;
        write_password(&mut session, user, hash).await?;
        session.commit().await
    }

    /// Sets or takes away the second factor: its sealed secret, and codes to do without it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_second_factor(
        &self,
        user: RawId,
        sealed: Option<String>,
        recovery_codes: &[String],
    ) -> Result<()> {
        let hashes: Vec<Json> = recovery_codes.iter().map(|code| json!(hash(code))).collect();
        self.set_credential(
            user,
            &[
                ("second_factor", SqlValue::or_null(sealed, SqlValue::Text)),
                ("second_factor_step", SqlValue::Integer(0)),
                ("recovery", SqlValue::Json(Json::Array(hashes).to_string())),
            ],
        )
        .await
    }

    /// Takes note that a code of this time step was used; false when it or a later one was before.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn use_second_factor_step(&self, user: RawId, step: i64) -> Result<bool> {
        let mut session = self.writer().await?;
        let mut sql = session.sql("UPDATE credential SET second_factor_step = ");
        sql.bind(SqlValue::Integer(step)).push(" WHERE \"user\" = ");
        sql.bind(SqlValue::Integer(user.0)).push(" AND COALESCE(second_factor_step, 0) < ");
        sql.bind(SqlValue::Integer(step));
        Ok(session.execute(&sql).await? > 0)
    }

    /// Uses up a recovery code; false when it is none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn use_recovery_code(&self, user: RawId, code: &str) -> Result<bool> {
        let known = self.credential(user).await?.recovery;
        let used = hash(code);
        if !known.contains(&used) {
            return Ok(false);
        }
        let left: Vec<&String> = known.iter().filter(|one| **one != used).collect();
        let mut session = self.writer().await?;
        let mut sql = session.sql("UPDATE credential SET recovery = ");
        sql.bind(SqlValue::Json(json!(left).to_string())).push(" WHERE \"user\" = ");
        sql.bind(SqlValue::Integer(user.0)).push(" AND recovery = ");
        // Of two who use the same code at once one finds the list changed.
        sql.bind(SqlValue::Json(json!(known).to_string()));
        Ok(session.execute(&sql).await? > 0)
    }

    /// Counts a try before it is made, in one statement: many at once are counted one after the
    /// other. From the given number of failures in a row on the account waits for a time; while it
    /// does, no try is counted, and the answer is false.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn count_sign_in(
        &self,
        user: RawId,
        failures_max: i64,
        wait: SignedDuration,
    ) -> Result<bool> {
        let now = self.clock().now();
        let until = SqlValue::Instant(now + wait);
        let mut session = self.writer().await?;
        let mut sql = session.sql("INSERT INTO credential (\"user\", failures) VALUES (");
        sql.bind_all([SqlValue::Integer(user.0), SqlValue::Integer(1)]);
        sql.push(
            ") ON CONFLICT (\"user\") DO UPDATE SET \
             failures = COALESCE(credential.failures, 0) + 1, \
             locked_until = CASE WHEN COALESCE(credential.failures, 0) + 1 >= ",
        );
        sql.bind(SqlValue::Integer(failures_max)).push(" THEN ").bind(until);
        sql.push(" ELSE credential.locked_until END WHERE credential.locked_until IS NULL");
        sql.push(" OR credential.locked_until <= ").bind(SqlValue::Instant(now));
        sql.push(" RETURNING failures");
        Ok(session.value(&sql).await?.is_some())
    }

    /// Takes off a lock and begins to count anew.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn unlock(&self, user: RawId) -> Result<()> {
        self.set_credential(
            user,
            &[("failures", SqlValue::Integer(0)), ("locked_until", SqlValue::Null)],
        )
        .await
    }

    async fn set_credential(&self, user: RawId, set: &[(&str, SqlValue)]) -> Result<()> {
        write_credential(&mut self.writer().await?, user, set).await
    }

    /// Whether any of these users has a way to sign in that is kept here: a password, or the name
    /// by which an identity provider knows them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn can_sign_in(&self, users: &[RawId]) -> Result<bool> {
        let mut session = self.reader().await?;
        for user in users {
            let mut sql = session.sql("SELECT 1 FROM credential WHERE password IS NOT NULL");
            sql.push(" AND \"user\" = ").bind(SqlValue::Integer(user.0));
            sql.push(" UNION ALL SELECT 1 FROM identity WHERE \"user\" = ");
            sql.bind(SqlValue::Integer(user.0));
            if session.value(&sql).await?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The user whom an identity provider knows by this name, if one was bound to it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn user_of_identity(&self, issuer: &str, subject: &str) -> Result<Option<RawId>> {
        let mut session = self.reader().await?;
        let mut sql = session.sql("SELECT \"user\" FROM identity WHERE issuer = ");
        sql.bind(SqlValue::Text(issuer.to_owned())).push(" AND subject = ");
        sql.bind(SqlValue::Text(subject.to_owned()));
        session.value(&sql).await?.map(|value| value.integer().map(RawId)).transpose()
    }

    /// Binds what an identity provider calls somebody to a user.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn bind_identity(&self, issuer: &str, subject: &str, user: RawId) -> Result<()> {
        let mut session = self.writer().await?;
        let row = vec![
            SqlValue::Text(issuer.to_owned()),
            SqlValue::Text(subject.to_owned()),
            SqlValue::Integer(user.0),
        ];
        session.insert_rows("identity", &["issuer", "subject", "user"], &[row]).await
    }
}

impl Tx {
    /// Sets the password hash of a user in this transaction; as `Store::set_password_hash`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_password_hash(&mut self, user: RawId, hash: &str) -> Result<()> {
        write_password(&mut self.view.session, user, hash).await
    }
}

async fn write_password(session: &mut Session, user: RawId, hash: &str) -> Result<()> {
    let set = [
        ("password", SqlValue::Text(hash.to_owned())),
        ("failures", SqlValue::Integer(0)),
        ("locked_until", SqlValue::Null),
    ];
    write_credential(session, user, &set).await?;
    let mut sql = session.sql("DELETE FROM session WHERE kind <> 'api_token' AND \"user\" = ");
    sql.bind(SqlValue::Integer(user.0));
    session.execute(&sql).await.map(drop)
}

async fn write_credential(
    session: &mut Session,
    user: RawId,
    set: &[(&str, SqlValue)],
) -> Result<()> {
    let mut sql = session.sql("INSERT INTO credential (\"user\"");
    for (name, _) in set {
        sql.push(", ").push(name);
    }
    sql.push(") VALUES (").bind(SqlValue::Integer(user.0));
    for (_, value) in set {
        sql.push(", ").bind(value.clone());
    }
    sql.push(") ON CONFLICT (\"user\") DO UPDATE SET ");
    let sets: Vec<String> = set.iter().map(|(n, _)| format!("{n} = excluded.{n}")).collect();
    sql.push(&sets.join(", "));
    session.execute(&sql).await.map(drop)
}
