//! Pages for those who are not signed in, and for what went wrong.

use askama::Template;

/// The page on which somebody signs in.
#[derive(Debug, Template)]
#[template(
    path = "sign_in.html",
    config = "src/admin/pages/templates/askama.toml"
)]
pub(crate) struct SignIn {
    pub(crate) base: String,
    /// Where to go afterwards.
    pub(crate) next: String,
    /// What went wrong the last time, or why somebody is here again.
    pub(crate) notice: Option<Notice>,
}

/// Something said above the form.
#[derive(Clone, Debug)]
pub(crate) struct Notice {
    /// Whether it is about something that went wrong.
    pub(crate) bad: bool,
    pub(crate) title: &'static str,
    pub(crate) text: String,
}

/// The page that says what went wrong.
#[derive(Debug, Template)]
#[template(
    path = "failure.html",
    config = "src/admin/pages/templates/askama.toml"
)]
pub(crate) struct Failure {
    pub(crate) base: String,
    pub(crate) status: u16,
    pub(crate) title: String,
    pub(crate) detail: String,
    pub(crate) remedy: &'static str,
}

impl Failure {
    fn home(&self) -> &str {
        if self.base.is_empty() {
            "/"
        } else {
            &self.base
        }
    }
}
