//! A census window as its label: `24h`.

use serde::{Deserialize, Deserializer, Serializer, de::Error as _};

use crate::{census::Window, time::duration_text};

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
pub(in crate::rollout) fn serialize<S: Serializer>(
    window: &Window,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_str(window)
}

pub(in crate::rollout) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Window, D::Error> {
    let text = String::deserialize(deserializer)?;
    let length = duration_text::read(&text);
    length
        .and_then(|length| Window::new(length).ok())
        .ok_or_else(|| D::Error::custom("a window is a duration of 1ms to 30d"))
}
