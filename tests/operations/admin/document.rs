//! The `OpenAPI` document, and responses held to it.

use jsonschema::Validator;
use serde_json::{Map, Value, json};

use super::response::Answer;

/// The `OpenAPI` document of a service.
#[derive(Debug)]
pub(crate) struct Document(pub(crate) Value);

impl Document {
    /// Each operation as method, path and object.
    pub(crate) fn operations(&self) -> impl Iterator<Item = (String, &str, &Value)> {
        let paths = self.0["paths"].as_object().unwrap().iter();
        paths.flat_map(|(path, item)| {
            let operations = item.as_object().unwrap().iter();
            operations.map(|(method, operation)| (method.to_uppercase(), path.as_str(), operation))
        })
    }

    /// What a reference leads to; the value itself where it is none.
    pub(crate) fn resolved<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value["$ref"].as_str() {
            Some(reference) => {
                let pointer = reference.strip_prefix('#').unwrap();
                let found = self.0.pointer(pointer);
                found.unwrap_or_else(|| panic!("{reference} leads nowhere"))
            }
            None => value,
        }
    }

    /// A validator of a schema of this document.
    pub(crate) fn validator(&self, schema: &Value) -> Validator {
        let mut whole: Map<String, Value> = schema.as_object().unwrap().clone();
        whole.insert("components".to_owned(), self.0["components"].clone());
        let options = jsonschema::draft202012::options().should_validate_formats(true);
        options.build(&Value::Object(whole)).unwrap()
    }

    pub(crate) fn component(&self, name: &str) -> Validator {
        self.validator(&json!({ "$ref": format!("#/components/schemas/{name}") }))
    }

    /// Holds a response of a route of the API to what stands here of it.
    pub(crate) fn hold(&self, method: &str, path: &str, received: &Answer) {
        let case = format!("{method} {path} returned {received:?}");
        let path = path.split('?').next().unwrap();
        let Some(item) = self.item(path) else {
            self.hold_problem(received, 404, &case);
            return;
        };
        let method = if method == "HEAD" { "GET" } else { method };
        let Some(operation) = item.get(method.to_lowercase()) else {
            self.hold_problem(received, 405, &case);
            assert!(received.header("allow").is_some(), "{case}");
            return;
        };
        let response = &operation["responses"][received.status.to_string()];
        assert!(!response.is_null(), "not documented: {case}");
        self.hold_response(self.resolved(response), received, &case);
    }

    fn item(&self, path: &str) -> Option<&Value> {
        let paths = self.0["paths"].as_object().unwrap();
        let fits = |template: &str| {
            let (template, path): (Vec<_>, Vec<_>) =
                (template.split('/').collect(), path.split('/').collect());
            template.len() == path.len()
                && template
                    .iter()
                    .zip(path)
                    .all(|(part, given)| *part == given || part.starts_with('{'))
        };
        let exact = paths.get(path);
        exact.or_else(|| {
            paths
                .iter()
                .find(|(template, _)| fits(template))
                .map(|(_, item)| item)
        })
    }

    fn hold_response(&self, response: &Value, received: &Answer, case: &str) {
        for (name, header) in response["headers"].as_object().into_iter().flatten() {
            let value = received.header(name);
            assert!(
                value.is_some() || header["required"] != true,
                "no {name}: {case}"
            );
            let schema = self.validator(&header["schema"]);
            assert!(
                value.is_none_or(|value| schema.is_valid(&json!(value))),
                "{name}: {case}"
            );
        }
        let stated = received.header("content-type").unwrap_or_default();
        let content = response["content"].as_object().unwrap();
        let media = content.get(stated);
        let media = media.unwrap_or_else(|| panic!("another media type: {case}"));
        if stated.ends_with("json") && !received.text.is_empty() {
            let errors: Vec<_> = self
                .validator(&media["schema"])
                .iter_errors(&received.json())
                .map(|error| format!("{} at {}", error, error.instance_path()))
                .collect();
            assert!(errors.is_empty(), "{errors:#?}: {case}");
        }
    }

    fn hold_problem(&self, received: &Answer, status: u16, case: &str) {
        // What is wrong with the request as a whole is found before the route.
        assert!([status, 403, 413, 414].contains(&received.status), "{case}");
        assert_eq!(
            received.header("content-type"),
            Some("application/problem+json"),
            "{case}"
        );
        if !received.text.is_empty() {
            assert!(
                self.component("Problem").is_valid(&received.json()),
                "{case}"
            );
        }
    }
}
