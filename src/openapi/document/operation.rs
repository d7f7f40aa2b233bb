//! What a document says of its operations and their responses.

use serde_json::Value;

use super::place::{Place, Spoiled};

/// The methods that a path item can have.
const METHODS: [&str; 8] = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace",
];

/// A method of a path.
#[derive(Clone)]
pub(crate) struct Operation<'d> {
    /// In capitals.
    pub(crate) method: String,
    /// With the path of the server before it.
    pub(crate) path: String,
    /// As it stands in the document.
    own_path: String,
    pub(crate) place: Place<'d>,
    pub(crate) responses: Result<Vec<Response<'d>>, Spoiled>,
}

/// What an operation can respond under one key: a status, a class of statuses, or all others.
#[derive(Clone)]
pub(crate) struct Response<'d> {
    pub(crate) key: StatusKey,
    pub(crate) place: Place<'d>,
    /// By media type, in lower case and without spaces. None where the document names none.
    pub(crate) content: Vec<(String, Option<Place<'d>>)>,
    pub(crate) headers: Vec<Header<'d>>,
}

/// A key of the object of responses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum StatusKey {
    Status(u16),
    /// Its first digit.
    Class(u16),
    Default,
}

#[derive(Clone)]
pub(crate) struct Header<'d> {
    /// In lower case.
    pub(crate) name: String,
    pub(crate) required: bool,
    pub(crate) schema: Option<Place<'d>>,
}

/// All operations, sorted by path.
pub(crate) fn operations<'d>(root: &Place<'d>) -> Vec<Operation<'d>> {
    let prefix = server_path(root);
    let paths = root.member("paths");
    let paths = paths.iter().flat_map(Place::members);
    let mut found = Vec::new();
    for (own_path, item) in paths.filter(|(path, _)| path.starts_with('/')) {
        let Ok(item) = item.resolved() else {
            continue;
        };
        let own = item.member("servers").map(|_| server_path(&item));
        let path = format!("{}{own_path}", own.as_ref().unwrap_or(&prefix));
        for method in METHODS {
            if let Some(place) = item.member(method) {
                let responses = responses(&place);
                found.push(Operation {
                    method: method.to_uppercase(),
                    path: path.clone(),
                    own_path: own_path.to_owned(),
                    place,
                    responses,
                });
            }
        }
    }
    // `serde_json` keeps the order of members or not, as another crate in the build demands.
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

impl<'d> Operation<'d> {
    /// `POST /orders/{id}`.
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// What requests it is for, as a key: with the path of the server, and as it stands in the document.
    pub(crate) fn keys(&self) -> [String; 2] {
        [&self.path, &self.own_path].map(|path| operation_key(&self.method, path))
    }

    /// The response of a status: the most specific key counts.
    pub(crate) fn response(&self, status: u16) -> Option<&Response<'d>> {
        let responses = self.responses.as_deref().unwrap_or_default();
        let find = |key| responses.iter().find(|response| response.key == key);
        find(StatusKey::Status(status))
            .or_else(|| find(StatusKey::Class(status / 100)))
            .or_else(|| find(StatusKey::Default))
    }

    /// The schema of JSON requests, if the document has one.
    pub(crate) fn request_schema(&self) -> Option<Place<'d>> {
        let body = self.place.member("requestBody")?.resolved().ok()?;
        let content = body.member("content")?;
        let mut media = content.members();
        let (_, json) = media.find(|(media, _)| is_json(media))?;
        json.member("schema")
    }
}

impl<'d> Response<'d> {
    /// What the document says of bodies of a media type, by its most specific entry.
    pub(crate) fn media(&self, media: &str) -> Option<&Option<Place<'d>>> {
        let essence = essence(media);
        let family = essence.split('/').next().unwrap_or_default();
        let find = |wanted: &dyn Fn(&str) -> bool| {
            let mut content = self.content.iter();
            content.find(|(known, _)| wanted(known))
        };
        find(&|known| known == media)
            .or_else(|| find(&|known| self::essence(known) == essence))
            .or_else(|| find(&|known| known == format!("{family}/*")))
            .or_else(|| find(&|known| known == "*/*"))
            .map(|(_, schema)| schema)
    }

    pub(crate) fn description(&self) -> &'d str {
        self.place.text("description").unwrap_or_default()
    }
}

impl StatusKey {
    fn read(key: &str) -> Option<Self> {
        let class = key.strip_suffix("XX").or_else(|| key.strip_suffix("xx"));
        match (key, class) {
            ("default", _) => Some(Self::Default),
            (_, Some(class)) => class.parse().ok().map(Self::Class),
            (status, None) => status.parse().ok().map(Self::Status),
        }
    }
}

impl std::fmt::Display for StatusKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Status(status) => write!(f, "{status}"),
            Self::Class(class) => write!(f, "{class}XX"),
            Self::Default => f.write_str("default"),
        }
    }
}

fn responses<'d>(operation: &Place<'d>) -> Result<Vec<Response<'d>>, Spoiled> {
    let Some(responses) = operation.member("responses") else {
        return Ok(Vec::new());
    };
    let responses = responses.resolved()?;
    let keys = responses
        .members()
        .filter(|(key, _)| !key.starts_with("x-"));
    keys.map(|(key, place)| {
        let unknown = || place.spoiled(&format!("`{key}` is no status"));
        response(StatusKey::read(key).ok_or_else(unknown)?, &place)
    })
    .collect()
}

fn response<'d>(key: StatusKey, place: &Place<'d>) -> Result<Response<'d>, Spoiled> {
    let place = place.resolved()?;
    let content = place.member("content");
    let content = content.iter().flat_map(Place::members);
    let content = content.map(|(media, place)| {
        let place = place.resolved()?;
        Ok((media_type(media), place.member("schema")))
    });
    let headers = place.member("headers");
    let headers = headers.iter().flat_map(Place::members);
    // RFC 9110, section 8.3: the media types of `content` speak for this one, and OpenAPI ignores it as a header.
    let headers = headers.filter(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
    let headers = headers.map(|(name, place)| {
        let place = place.resolved()?;
        let required = place.value.get("required") == Some(&Value::Bool(true));
        Ok(Header {
            name: name.to_lowercase(),
            required,
            schema: place.member("schema"),
        })
    });
    Ok(Response {
        key,
        content: content.collect::<Result<_, _>>()?,
        headers: headers.collect::<Result<_, _>>()?,
        place,
    })
}

/// A media type with its parameters, in lower case and without spaces.
pub(crate) fn media_type(text: &str) -> String {
    text.split_whitespace().collect::<String>().to_lowercase()
}

/// A media type without parameters, in lower case.
pub(crate) fn essence(media: &str) -> String {
    let essence = media.split(';').next().unwrap_or_default();
    essence.trim().to_lowercase()
}

/// The media type of forms.
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

pub(crate) fn is_json(media: &str) -> bool {
    let essence = essence(media);
    essence == "application/json" || essence.ends_with("+json")
}

/// The path of the first server, without a trailing slash.
fn server_path(place: &Place<'_>) -> String {
    let server = place.member("servers");
    let server = server.and_then(|servers| servers.items().next());
    let url = server.as_ref().and_then(|server| server.text("url"));
    let url = url.unwrap_or_default();
    let path = match url.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("", |slash| &rest[slash..]),
        None => url,
    };
    let path = path.trim_end_matches('/');
    if path.starts_with('/') {
        path.to_owned()
    } else {
        String::new()
    }
}

/// The same for all patterns that match the same requests: the names of parameters are left out.
pub(crate) fn operation_key(method: &str, path: &str) -> String {
    let mut key = format!("{method} ");
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        key.push_str(before);
        key.push_str("{}");
        rest = after.split_once('}').map_or("", |(_, after)| after);
    }
    key + rest
}
