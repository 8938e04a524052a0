//! The web pages: made on the server from the descriptions, complete without a script.

mod access;
mod assets;
mod bulk;
mod cell;
mod cells;
mod customer;
mod fields;
mod files;
mod filters;
mod form;
mod format;
mod home;
mod import_columns;
mod imports;
mod layout;
mod list;
mod login;
mod record;
mod save;
mod views;

pub(crate) use access::{access, hand_over_form, hand_over_now, reveal, share, unshare};
pub(crate) use assets::asset;
pub(crate) use bulk::bulk;
pub(crate) use cell::{edit_cell, save_cell};
pub(crate) use files::{file, file_of};
pub(crate) use home::home;
pub(crate) use imports::{
    import_action, import_errors, import_mapping, import_new, import_result, import_start,
    import_upload,
};
pub(crate) use list::{list, more, total};
pub(crate) use login::{language, login_form, sign_in, sign_out, theme};
pub(crate) use record::show;
pub(crate) use save::{archive, create, edit_form, new_form, restore, undo, update};
pub(crate) use views::{create_view, update_view};
