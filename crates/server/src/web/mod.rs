//! The web pages: made on the server from the descriptions, complete without a script.

mod access;
mod account;
mod approval_cards;
mod approvals;
mod asides;
mod assets;
mod audit;
mod audit_detail;
mod bulk;
mod cell;
mod cells;
mod chart_condition;
mod chart_form;
mod chart_options;
mod charts;
mod condition_form;
mod conditions;
mod controls;
mod customer;
mod customer_numbers;
mod deliveries;
mod demo_hint;
mod empty;
mod fields;
mod files;
mod filters;
mod first_steps;
mod form;
mod form_parts;
mod format;
mod hand_over;
mod home;
mod import_choices;
mod import_columns;
mod import_decisions;
mod import_preview;
mod import_refused;
mod import_result;
mod import_state;
mod imports;
mod insight_cards;
mod insight_models;
mod insight_summary;
mod insights;
mod layout;
mod list;
mod login;
mod mapping_table;
mod notices;
mod once;
mod options;
mod own_insights;
mod pair_reasons;
mod parts;
mod password_check;
mod password_link;
mod preferences;
mod privacy;
mod record;
mod resolution;
mod save;
mod segment_cards;
mod segment_form;
mod segments;
mod shown;
mod standing_cards;
mod subscribe;
mod uncounted;
mod undo;
mod views;
mod words;

pub(crate) use access::{access, reveal, share, unshare};
pub(crate) use account::{
    account, begin_second, change_password, confirm_second, create_token, end_sign_in, help_user,
    remove_second,
};
pub(crate) use approvals::{approvals, ask_approval, count_waiting, decide_task, withdraw_request};
pub(crate) use assets::asset;
pub(crate) use audit::audit;
pub(crate) use bulk::bulk;
pub(crate) use cell::{edit_cell, save_cell};
pub(crate) use chart_form::{build_chart, edit_chart, new_chart};
pub(crate) use charts::{chart_body, told_value};
pub(crate) use deliveries::order_deliveries;
pub(crate) use files::{file, file_of};
pub(crate) use first_steps::hide_first_steps;
pub(crate) use form_parts::{fill_line, refresh_form};
pub(crate) use hand_over::{hand_over_form, hand_over_now};
pub(crate) use home::home;
pub(crate) use imports::{
    import_action, import_columns, import_columns_page, import_errors, import_mapping, import_new,
    import_preview_page, import_result, import_start, import_upload,
};
pub(crate) use insights::{insights, run_analysis};
pub(crate) use list::{list, more, total};
pub(crate) use login::{
    code_form, login_form, oidc_back, oidc_begin, sign_in, sign_in_code, sign_out,
};
pub(crate) use notices::{decline_notices, notices, read_notices, unread_notices};
pub(crate) use password_link::{choose_password, forgot, forgot_form, invite, password_form};
pub(crate) use preferences::{language, page_above, theme};
pub(crate) use privacy::{privacy_begin, privacy_form, privacy_report};
pub(crate) use record::show;
pub(crate) use resolution::{alike_customers, decide_pair, undo_merge};
pub(crate) use save::{archive, create, edit_form, new_form, restore, update};
pub(crate) use segment_form::{build_segment, edit_segment, new_segment};
pub(crate) use segments::alike_segment;
pub(crate) use subscribe::subscribe;
pub(crate) use undo::{undo, undo_form};
pub(crate) use views::{create_view, update_view};
