//! An API that answers what it is told, and a component, as the tests of what asks it have them.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::Duration;

use http::{Request, Response, StatusCode};
use kube::client::Body;
use serde_json::{Value, json};

use super::api::Api;
use super::objects::{Component, Object, ReleaseId};
use crate::support::Redactor;

/// An API with an answer for each of some paths. Nothing else is there. A text is a log.
pub(super) fn api<const N: usize>(answers: [(&str, Value); N]) -> Api {
    let answers: BTreeMap<String, Value> =
        answers.into_iter().map(|(path, answer)| (path.to_owned(), answer)).collect();
    Api::of(tower::service_fn(move |request: Request<Body>| {
        let (code, text) = match answers.get(request.uri().path()) {
            Some(Value::String(text)) => (StatusCode::OK, text.clone()),
            Some(answer) => (StatusCode::OK, answer.to_string()),
            None => (StatusCode::NOT_FOUND, json!({"kind": "Status", "code": 404, "reason": "NotFound"}).to_string()),
        };
        let answer = Response::builder().status(code).body(Body::from(text.into_bytes())).unwrap();
        async { Ok::<_, Infallible>(answer) }
    }))
}

/// A component `web` in the namespace `shop`, with a release of its own name and these objects.
pub(super) fn component(objects: &[Value]) -> Component {
    let objects = objects.iter().map(|object| Object::new(object.clone(), Some("shop")).unwrap());
    Component {
        name: "web".into(),
        bundle: "plant".into(),
        version: "1.0.0".into(),
        namespaces: vec!["shop".into()],
        objects: objects.collect(),
        ready: Vec::new(),
        patience: Duration::from_secs(1),
        bootstrap: false,
        releases: vec![ReleaseId { name: "web".into(), namespace: "shop".into() }],
        redactor: Redactor::default(),
    }
}
