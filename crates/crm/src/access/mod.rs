//! Who we are: companies, teams, users, and what each may do.

mod company;
mod password;
mod rights;
mod saved_view;
mod set_account;
mod team;
mod user;

pub use company::Company;
pub use password::{MIN_PASSWORD_CHARACTERS, hash_password, verify_password};
pub use rights::actor_of;
pub use saved_view::SavedView;
pub use set_account::set_account;
pub use team::Team;
pub use user::{Locale, User};
