use serde_json::json;

use crate::http::Response;

/// The error codes of the specification that this registry has a use for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    BlobUnknown,
    DigestInvalid,
    ManifestUnknown,
    NameInvalid,
    NameUnknown,
    PaginationNumberInvalid,
    Unauthorized,
    Unsupported,
    TooManyRequests,
    /// Not of the specification: there is no code for a broken disk.
    Unknown,
}

impl Code {
    fn text(self) -> (&'static str, u16) {
        match self {
            Self::BlobUnknown => ("BLOB_UNKNOWN", 404),
            Self::DigestInvalid => ("DIGEST_INVALID", 400),
            Self::ManifestUnknown => ("MANIFEST_UNKNOWN", 404),
            Self::NameInvalid => ("NAME_INVALID", 400),
            Self::NameUnknown => ("NAME_UNKNOWN", 404),
            Self::PaginationNumberInvalid => ("PAGINATION_NUMBER_INVALID", 400),
            Self::Unauthorized => ("UNAUTHORIZED", 401),
            Self::Unsupported => ("UNSUPPORTED", 405),
            Self::TooManyRequests => ("TOOMANYREQUESTS", 429),
            Self::Unknown => ("UNKNOWN", 500),
        }
    }
}

/// What is wrong with a request, as the specification words it.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    pub(crate) code: Code,
    pub(crate) message: String,
}

impl Problem {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

impl From<Problem> for Response {
    fn from(problem: Problem) -> Self {
        let (code, status) = problem.code.text();
        let body = json!({"errors": [{"code": code, "message": problem.message}]});
        Self::text(status, "application/json", format!("{body}\n"))
            .with_header("Docker-Distribution-Api-Version", "registry/2.0")
    }
}

/// The answer to a push, and to anything else but reading.
pub(crate) fn unsupported() -> Response {
    let text = "this registry is read-only: its content comes from signed bundles";
    Response::from(Problem::new(Code::Unsupported, text)).with_header("Allow", "GET, HEAD")
}
