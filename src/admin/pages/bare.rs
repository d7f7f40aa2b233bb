//! Pages for those who are not signed in, and for what went wrong.

use askama::Template;

/// The page on which somebody signs in.
#[derive(Debug, Template)]
#[template(path = "sign_in.html")]
pub(in crate::admin::pages) struct SignIn {
    pub(in crate::admin::pages) base: String,
    /// Where to go afterwards.
    pub(in crate::admin::pages) next: String,
    /// What went wrong the last time, or why somebody is here again.
    pub(in crate::admin::pages) notice: Option<Notice>,
}

/// Something said above the form.
#[derive(Clone, Debug)]
pub(in crate::admin::pages) struct Notice {
    /// Whether it is about something that went wrong.
    pub(in crate::admin::pages) bad: bool,
    pub(in crate::admin::pages) title: &'static str,
    pub(in crate::admin::pages) text: String,
}

/// The page that says what went wrong.
#[derive(Debug, Template)]
#[template(path = "failure.html")]
pub(in crate::admin::pages) struct Failure {
    pub(in crate::admin::pages) base: String,
    pub(in crate::admin::pages) status: u16,
    pub(in crate::admin::pages) title: String,
    pub(in crate::admin::pages) detail: String,
    pub(in crate::admin::pages) remedy: &'static str,
}

impl Failure {
    fn home(&self) -> &str {
        if self.base.is_empty() { "/" } else { &self.base }
    }
}
