//! What repositories keep in LFS, as its clients ask for it.
//!
//! Source: <https://github.com/git-lfs/git-lfs/blob/main/docs/api/batch.md>. A client asks where objects are, and fetches each from
//! there: from here, as a blob of a bundle.

use std::collections::BTreeMap;

use manifests::Digest;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::http::{Request, RequestBody, Response};

/// What requests and answers are.
const MEDIA_TYPE: &str = "application/vnd.git-lfs+json";
/// Bytes of a request that are read: clients ask for a hundred objects at a time.
const BODY: usize = 1 << 20;
/// Objects that are answered for at once.
const OBJECTS: usize = 2000;

/// What a client asks for.
#[derive(Debug, Deserialize)]
struct Batch {
    operation: String,
    #[serde(default)]
    transfers: Vec<String>,
    #[serde(default)]
    hash_algo: Option<String>,
    objects: Vec<Object>,
}

#[derive(Debug, Deserialize)]
struct Object {
    oid: String,
    size: u64,
}

/// Answers where the objects of a repository are: below `place`, its URL here.
pub(crate) async fn batch(
    objects: &BTreeMap<Digest, u64>,
    place: &str,
    request: &Request<'_>,
    body: &mut RequestBody<'_>,
) -> Response {
    let body = match body.read_all(BODY).await {
        Ok(body) => body,
        Err(crate::http::BodyError::TooLarge) => return refused(413, "ask for fewer objects at a time"),
        Err(error) => return refused(400, &error.to_string()),
    };
    let Ok(batch) = serde_json::from_slice::<Batch>(&body) else {
        return refused(422, "this is no request of LFS");
    };
    if batch.operation != "download" {
        return refused(403, "this repository is read-only: it is what the bundle holds");
    }
    // A client that names none knows the basic way, which is the only one here.
    let basic = batch.transfers.is_empty() || batch.transfers.iter().any(|way| way == "basic");
    if !basic || batch.hash_algo.as_deref().is_some_and(|name| name != "sha256") {
        return refused(422, "objects are had by `basic` transfers, and named by SHA-256");
    }
    if batch.objects.len() > OBJECTS {
        return refused(413, "ask for fewer objects at a time");
    }
    let answer = batch.objects.iter().map(|object| answer(objects, object, place, request)).collect::<Vec<_>>();
    let answer = json!({"transfer": "basic", "hash_algo": "sha256", "objects": answer});
    Response::text(200, MEDIA_TYPE, answer.to_string()).with_header("Cache-Control", "no-store")
}

fn answer(objects: &BTreeMap<Digest, u64>, object: &Object, place: &str, request: &Request<'_>) -> Value {
    let found = Digest::from_hex(&object.oid).ok().and_then(|digest| objects.get(&digest));
    let mut answer = json!({"oid": object.oid, "size": object.size});
    match found {
        Some(size) if *size == object.size => {
            let mut download = json!({"href": format!("{place}/info/lfs/objects/{}", object.oid)});
            // Who was let in to ask is let in to fetch: by what was sent along, which nobody else gets to see.
            if let Some(login) = request.fields.authorization {
                download["header"] = json!({"Authorization": login});
            }
            answer["authenticated"] = json!(true);
            answer["actions"] = json!({"download": download});
        }
        Some(_) => answer["error"] = json!({"code": 422, "message": "the object has another size"}),
        None => answer["error"] = json!({"code": 404, "message": "the bundle does not hold this object"}),
    }
    answer
}

/// An error as clients of LFS read it.
pub(crate) fn refused(status: u16, message: &str) -> Response {
    Response::text(status, MEDIA_TYPE, json!({"message": message}).to_string())
}
