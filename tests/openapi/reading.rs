//! Reading documents: versions, syntaxes, references, schemas that cannot be understood.

use std::{fs, path::Path};

use legacy_http_compat::openapi::{ApiDocument, FindingKind, ReadError, Verdict, prove};
use serde_json::{Value, json};

use crate::{
    support::{api_of, api_with, document, refuted},
    temp_dir::TempDir,
};

fn verdict(old: &ApiDocument, new: &ApiDocument) -> Verdict {
    prove(old, new, &[]).verdict
}

#[test]
fn what_version_3_0_says_in_its_own_way_is_what_3_1_says() {
    let pairs = [
        (
            json!({"type": "string", "nullable": true}),
            json!({"type": ["string", "null"]}),
        ),
        (
            json!({"type": "integer", "minimum": 1, "exclusiveMinimum": true}),
            json!({"type": "integer", "exclusiveMinimum": 1}),
        ),
        (
            json!({"type": "number", "maximum": 1, "exclusiveMaximum": false}),
            json!({"type": "number", "maximum": 1}),
        ),
    ];
    for (three_0, three_1) in pairs {
        let (old, new) = (api_of("3.0.3", &three_0), api_of("3.1.0", &three_1));
        assert_eq!(verdict(&old, &new), Verdict::Proved, "{three_0}");
        assert_eq!(verdict(&new, &old), Verdict::Proved, "{three_0}");
    }
    let not_null = api_of("3.0.3", &json!({"type": "string"}));
    let nullable = api_of("3.0.3", &json!({"type": "string", "nullable": true}));
    assert_eq!(verdict(&not_null, &nullable), Verdict::Refuted);
}

#[test]
fn beside_a_reference_keywords_count_in_3_1_only() {
    let components = json!({"Text": {"type": "string"}});
    let schema = json!({"$ref": "#/components/schemas/Text", "maxLength": 3});
    let any = |version| api_with(version, &json!({"type": "string"}), &json!({}));
    let limited = |version| api_with(version, &schema, &components);
    assert_eq!(verdict(&limited("3.0.3"), &any("3.0.3")), Verdict::Proved);
    assert_eq!(verdict(&limited("3.1.0"), &any("3.1.0")), Verdict::Refuted);
}

#[test]
fn a_recursive_schema_is_proved_and_refuted() {
    let node = |leaf: &Value| {
        json!({"Node": {"type": "object", "required": ["leaf"], "properties": {
            "leaf": leaf,
            "left": {"$ref": "#/components/schemas/Node"},
            "right": {"$ref": "#/components/schemas/Node"},
        }}})
    };
    let schema = json!({"$ref": "#/components/schemas/Node"});
    let api = |leaf| api_with("3.1.0", &schema, &node(&leaf));
    let (text, number) = (
        json!({"type": "string"}),
        json!({"type": ["string", "number"]}),
    );
    assert_eq!(
        verdict(&api(number.clone()), &api(text.clone())),
        Verdict::Proved
    );
    let report = prove(&api(text), &api(number), &[]);
    let refuted = refuted(&report);
    assert_eq!(refuted.len(), 1, "{report}");
    assert_eq!(
        refuted[0].id,
        "body:type #/components/schemas/Node/properties/leaf"
    );
}

#[test]
fn a_recursive_schema_that_gets_alternatives_is_compared_to_an_end() {
    let node = json!({"type": "object", "required": ["kind"], "additionalProperties": false,
        "properties": {"kind": {"type": "string"}, "z": {"$ref": "#/components/schemas/Node"}}});
    let schema = json!({"$ref": "#/components/schemas/Node"});
    let either = json!({"oneOf": [{"const": {"kind": "one"}}, node]});
    let api = |node: &Value| api_with("3.1.0", &schema, &json!({"Node": node}));
    // A value could be of both alternatives, of which none of NEW is.
    assert_eq!(verdict(&api(&either), &api(&node)), Verdict::CannotTell);
    assert_eq!(verdict(&api(&node), &api(&either)), Verdict::Proved);
}

#[test]
fn a_one_of_is_resolved_by_its_discriminator() {
    let animals = |cat: &Value| {
        json!({
            "Cat": {"type": "object", "properties": {"kind": {"type": "string"}, "lives": cat}},
            "Dog": {"type": "object", "properties": {"kind": {"type": "string"}, "lives": {"type": "boolean"}}},
        })
    };
    let schema = json!({
        "oneOf": [{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"}],
        "discriminator": {"propertyName": "kind", "mapping": {"cat": "#/components/schemas/Cat"}},
    });
    let api = |cat| api_with("3.0.3", &schema, &animals(&cat));
    let (nine, any) = (
        json!({"type": "integer", "maximum": 9}),
        json!({"type": "integer"}),
    );
    assert_eq!(
        verdict(&api(any.clone()), &api(nine.clone())),
        Verdict::Proved
    );
    let report = prove(&api(nine), &api(any), &[]);
    let example = refuted(&report)[0].example.clone().unwrap();
    assert_eq!(
        example.target.unwrap().body.unwrap()["kind"],
        "cat",
        "{report}"
    );
}

#[test]
fn what_is_only_written_is_no_part_of_a_response() {
    let schema = |required: &[&str]| {
        json!({"type": "object", "required": required, "properties": {
            "id": {"type": "string"},
            "password": {"type": "string", "writeOnly": true},
        }})
    };
    let old = api_of("3.0.3", &schema(&["id", "password"]));
    let new = api_of("3.0.3", &schema(&["id"]));
    assert_eq!(verdict(&old, &new), Verdict::Proved);
}

#[test]
fn operations_are_the_same_however_parameters_and_servers_are_called() {
    let api = |server: &str, path: &str| {
        document(&format!(
            "openapi: 3.0.0\nservers: [{{url: '{server}'}}]\npaths:\n  {path}:\n    get:\n      responses:\n        '200': {{description: ok}}\n"
        ))
    };
    let old = api("https://example.com/api", "/orders/{id}");
    for new in [
        api("/api/", "/orders/{order}"),
        api("/", "/api/orders/{id}"),
    ] {
        assert_eq!(verdict(&old, &new), Verdict::Proved);
    }
    assert_eq!(verdict(&old, &api("/", "/orders")), Verdict::Refuted);
}

/// Two operations, `GET /whole` and `GET /broken`, the second with this schema.
fn half_broken(schema: &Value) -> ApiDocument {
    let operation = |schema: &Value| {
        json!({"get": {"responses": {"200": {
            "description": "",
            "content": {"application/json": {"schema": schema}},
        }}}})
    };
    let api = json!({
        "openapi": "3.1.0",
        "paths": {"/whole": operation(&json!({"type": "string"})), "/broken": operation(schema)},
    });
    document(&api.to_string())
}

#[test]
fn a_bad_schema_spoils_its_own_operation_only() {
    let bad = [
        json!({"type": "strnig"}),
        json!({"$ref": "#/components/schemas/Missing"}),
        json!({"$ref": "https://example.com/schemas/order.json"}),
        json!({"$ref": "../outside.json"}),
        json!({"allOf": {"type": "string"}}),
        json!({"type": "string", "minLength": "three"}),
        json!(7),
    ];
    let good = half_broken(&json!({"type": "boolean"}));
    for schema in bad {
        let report = prove(&half_broken(&schema), &good, &[]);
        assert_eq!(report.verdict, Verdict::CannotTell, "{schema}: {report}");
        for finding in &report.findings {
            assert_eq!(finding.places, ["GET /broken 200"], "{schema}");
        }
    }
}

#[test]
fn local_files_are_read_beneath_the_root_only() {
    let folder = TempDir::new();
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let api = |reference: &str| {
        format!(
            "openapi: 3.1.0\npaths:\n  /items:\n    get:\n      responses:\n        200:\n          description: ok\n          content:\n            application/json:\n              schema: {{$ref: '{reference}'}}\n"
        )
    };
    write("api/old.yaml", &api("schemas/item.yaml#/Item"));
    write("api/schemas/item.yaml", "Item: {$ref: 'deep/name.json'}\n");
    write("api/schemas/deep/name.json", r#"{"type": "string"}"#);
    write("api/new.yaml", &api("../shared/name.json"));
    write("shared/name.json", r#"{"type": "integer"}"#);
    let read = |path: &str, root: Option<&str>| {
        let root = root.map(|root| folder.path().join(root));
        ApiDocument::read(&folder.path().join(path), root.as_deref())
    };
    let old = read("api/old.yaml", None).unwrap();
    assert_eq!(verdict(&old, &old), Verdict::Proved);

    // Outside the folder of the document nothing is read, unless the root says so.
    let new = read("api/new.yaml", None).unwrap();
    assert_eq!(verdict(&old, &new), Verdict::CannotTell);
    let new = read("api/new.yaml", Some("")).unwrap();
    let report = prove(&old, &new, &[]);
    assert_eq!(report.verdict, Verdict::Refuted, "{report}");
    assert_eq!(refuted(&report)[0].id, "body:type schemas/deep/name.json#");
    let outside = read("api/new.yaml", Some("shared"));
    assert!(matches!(outside, Err(ReadError::OutsideRoot { .. })));
}

#[test]
fn what_is_no_document_is_refused() {
    let from_text = ApiDocument::from_text;
    let swagger = from_text(r#"{"swagger": "2.0", "paths": {}}"#).unwrap_err();
    assert!(
        swagger.to_string().contains(r#"swagger: "2.0""#),
        "{swagger}"
    );
    assert!(matches!(
        from_text("openapi: 4.0.0"),
        Err(ReadError::Version { .. })
    ));
    assert!(matches!(from_text("{]"), Err(ReadError::Syntax { .. })));
    let twice = from_text("openapi: 3.1.0\npaths: {}\npaths: {}\n").unwrap_err();
    assert!(matches!(twice, ReadError::Syntax { .. }), "{twice}");
    let missing = ApiDocument::read(Path::new("no such file"), None);
    assert!(matches!(missing, Err(ReadError::Io { .. })));
}

#[test]
fn classes_of_statuses_and_the_default_are_compared_too() {
    let api = |responses: &Value| {
        document(
            &json!({"openapi": "3.1.0", "paths": {"/items": {"get": {"responses": responses}}}})
                .to_string(),
        )
    };
    let ok = json!({"description": ""});
    let exact = api(&json!({"200": ok, "404": ok}));
    let class = api(&json!({"200": ok, "4XX": ok}));
    let default = api(&json!({"200": ok, "default": ok}));
    assert_eq!(verdict(&class, &exact), Verdict::Proved);
    assert_eq!(verdict(&default, &class), Verdict::Proved);
    let report = prove(&exact, &class, &[]);
    let finding = refuted(&report)[0];
    assert_eq!(finding.kind, FindingKind::Status);
    assert_eq!(
        finding
            .example
            .as_ref()
            .unwrap()
            .target
            .as_ref()
            .unwrap()
            .status,
        400
    );
    assert_eq!(verdict(&class, &default), Verdict::Refuted);
}

#[test]
fn a_long_chain_of_schemas_is_compared_to_its_end() {
    let api = |most: u64| {
        let mut components = json!({"S3000": {"type": "string", "maxLength": most}});
        for index in 0..3_000 {
            let next = format!("#/components/schemas/S{}", index + 1);
            components[format!("S{index}")] = json!({"type": "object", "required": ["next"], "properties": {"next": {"$ref": next}}});
        }
        api_with(
            "3.1.0",
            &json!({"$ref": "#/components/schemas/S0"}),
            &components,
        )
    };
    assert_eq!(verdict(&api(5), &api(4)), Verdict::Proved);
    // There is something to say, but no example that is nested so deeply.
    assert_eq!(verdict(&api(4), &api(5)), Verdict::CannotTell);
}

#[test]
fn media_types_are_distinguished_by_their_parameters_and_met_by_ranges() {
    let api = |content: &Value| {
        let response = json!({"200": {"description": "", "content": content}});
        document(
            &json!({"openapi": "3.1.0", "paths": {"/items": {"get": {"responses": response}}}})
                .to_string(),
        )
    };
    let (text, number) = (
        json!({"schema": {"type": "string"}}),
        json!({"schema": {"type": "number"}}),
    );
    let versions = api(&json!({"application/json; v=1": text, "application/json;v=2": number}));
    let second = api(&json!({"application/json; v=2": number}));
    assert_eq!(verdict(&versions, &versions), Verdict::Proved);
    assert_eq!(verdict(&versions, &second), Verdict::Proved);
    let ranges = api(&json!({"application/*": text, "*/*": number, "odd": text}));
    assert_eq!(verdict(&ranges, &ranges), Verdict::Proved);
    let plain = api(&json!({"application/json": text, "text/csv": number}));
    assert_eq!(verdict(&ranges, &plain), Verdict::Proved);
    assert_eq!(verdict(&plain, &versions), Verdict::Refuted);
}
