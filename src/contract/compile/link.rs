//! Links of a response (RFC 8288, section 3).

use http::{HeaderMap, header};

use crate::http_syntax::{list_members, parameter};

/// The target of the first link with this relation, as it is written.
pub(super) fn target<'h>(headers: &'h HeaderMap, rel: &str) -> Option<&'h str> {
    let lines = headers.get_all(header::LINK).iter();
    let mut members = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(list_members);
    members.find_map(|link| {
        let (target, _) = link.strip_prefix('<')?.split_once('>')?;
        // Of several `rel` parameters the first counts; it may list relations.
        let mut relations = parameter(link, "rel")?.split_ascii_whitespace();
        let is_wanted = relations.any(|relation| relation.eq_ignore_ascii_case(rel));
        is_wanted.then_some(target)
    })
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_link_is_found_by_one_of_its_relations() {
        let mut headers = HeaderMap::new();
        for line in [
            r#"<https://a/?b,c;d>; title="x, <y>; rel=z"; rel="prev first", </n>;REL=Next"#,
            r"</later>; rel=next, nonsense, <>; rel=self",
        ] {
            headers.append(header::LINK, HeaderValue::from_static(line));
        }
        assert_eq!(target(&headers, "first"), Some("https://a/?b,c;d"));
        assert_eq!(target(&headers, "PREV"), Some("https://a/?b,c;d"));
        assert_eq!(target(&headers, "next"), Some("/n"));
        assert_eq!(target(&headers, "self"), Some(""));
        for none in ["z", "last", ""] {
            assert_eq!(target(&headers, none), None, "{none}");
        }
        assert_eq!(target(&HeaderMap::new(), "next"), None);
    }
}
