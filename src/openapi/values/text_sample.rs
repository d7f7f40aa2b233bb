//! Texts of a format or a pattern.

use regex_syntax::hir::{Class, ClassUnicodeRange, Hir, HirKind};

use super::value_set::Texts;

/// Texts that may satisfy the constraints, the likeliest first.
pub(super) fn texts_like(texts: &Texts) -> Vec<String> {
    let formats = texts.formats.iter().filter_map(|format| of_format(format));
    let patterns = texts
        .patterns
        .iter()
        .filter_map(|pattern| of_pattern(pattern));
    let mut found: Vec<String> = patterns.chain(formats.map(ToOwned::to_owned)).collect();
    found.push("text".to_owned());
    found
}

fn of_format(format: &str) -> Option<&'static str> {
    Some(match format {
        "date-time" => "2026-01-02T03:04:05Z",
        "date" => "2026-01-02",
        "time" => "03:04:05Z",
        "duration" => "P1D",
        "email" | "idn-email" => "someone@example.com",
        "hostname" | "idn-hostname" => "example.com",
        "ipv4" => "192.0.2.1",
        "ipv6" => "2001:db8::1",
        "uri" | "iri" => "https://example.com/",
        "uri-reference" | "iri-reference" => "/page",
        "uri-template" => "/items/{id}",
        "uuid" => "c56a4180-65aa-42ec-a945-5fd21dec0538",
        "json-pointer" => "/a",
        "relative-json-pointer" => "0",
        "regex" => "a",
        _ => return None,
    })
}

/// The shortest text of a pattern, as far as it is regular.
pub(super) fn of_pattern(pattern: &str) -> Option<String> {
    let hir = regex_syntax::parse(pattern).ok()?;
    let mut text = String::new();
    write(&hir, &mut text)?;
    Some(text)
}

fn write(hir: &Hir, text: &mut String) -> Option<()> {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => text.push_str(std::str::from_utf8(&literal.0).ok()?),
        HirKind::Class(Class::Unicode(class)) => {
            // A letter or digit, if the class has one.
            let plain = class
                .iter()
                .find_map(|range| (range.start()..=range.end()).find(char::is_ascii_alphanumeric));
            text.push(plain.or_else(|| class.iter().next().map(ClassUnicodeRange::start))?);
        }
        HirKind::Class(Class::Bytes(class)) => {
            text.push(char::from(class.iter().next()?.start()));
        }
        HirKind::Repetition(repetition) => {
            for _ in 0..repetition.min {
                write(&repetition.sub, text)?;
            }
        }
        HirKind::Capture(capture) => write(&capture.sub, text)?,
        HirKind::Concat(parts) => {
            for part in parts {
                write(part, text)?;
            }
        }
        HirKind::Alternation(parts) => write(parts.first()?, text)?,
    }
    Some(())
}
