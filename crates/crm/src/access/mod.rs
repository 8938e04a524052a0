//! Who we are: companies, teams, users, and what each may do.

mod authority;
mod company;
pub mod conditions;
mod explain;
mod first_administrator;
mod one_address;
mod organisation;
mod password;
mod retention;
mod rights;
mod role;
mod saved_view;
mod second_factor;
mod set_account;
mod standard_roles;
mod substitution;
mod team;
mod telling;
mod territory;
mod user;
mod vault;

pub use authority::{ApprovalRule, ApprovalStep, ApproverKind, AuthorityLimit, Quorum};
pub use company::Company;
pub use explain::{Explanation, Why, explain, who_sees};
pub use first_administrator::{FIRST_ADDRESS, FirstAdministrator, Passwords, first_administrator};
pub use one_address::{SharedAddress, keep_one_address, user_by_address};
pub use organisation::{Organisation, Position};
pub use password::{MIN_PASSWORD_CHARACTERS, PasswordPolicy, hash_password, verify_password};
pub use retention::{OldDeed, RetentionRule, keep_log_short};
pub use rights::{Grant, Reason, actor_of};
pub use role::{EVERY_TYPE, FieldRight, LimitedAccess, RightPurpose, RightScope, Role, RoleRight};
pub use saved_view::SavedView;
pub use second_factor::{SecondFactor, prove_second_factor, recovery_codes};
pub use set_account::set_account;
pub use standard_roles::{
    STANDARD_ROLES, make_standard_roles, renew_standard_roles, standard_role,
};
pub use substitution::Substitution;
pub use team::Team;
pub use territory::{CustomerClass, Territory};
pub use user::{Locale, User, folded_address};
pub use vault::{KEY_BYTES, Vault, hex, unhex};
