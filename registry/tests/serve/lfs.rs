//! Files in LFS, asked for as its clients do.

use manifests::Digest;
use manifests::fake::FakeBundle;
use serde_json::{Value, json};

use crate::client::Answer;
use crate::site::TestSite;

const PLACE: &str = "/git/gitops/apps.git/info/lfs/objects";

/// A bundle with a repository that has an object, and a file that only looks like one.
fn bundle() -> (FakeBundle, Digest) {
    let digest = Digest::of(b"the file");
    let (object, wrong) =
        (format!("git/apps.lfs/{}", digest.hex()), format!("git/apps.lfs/{}", Digest::of(b"other").hex()));
    let from = Some("https://git.example.org/team/apps.git");
    let files: [(&str, &[u8], Option<&str>); 3] =
        [("git/apps.bundle", b"packed", from), (&object, b"the file", None), (&wrong, b"not that", None)];
    (FakeBundle::new("demo", "1.0.0").files_from("gitops", &files), digest)
}

fn ask(site: &TestSite, path: &str, headers: &str, body: &[u8]) -> Answer {
    let length = format!("Content-Length: {}\r\n", body.len());
    let mut connection = site.connect();
    connection.send(format!(
        "POST {path} HTTP/1.1\r\nHost: git.example.org:5000\r\nConnection: close\r\n{length}{headers}\r\n"
    ));
    // What is too large is not read to its end.
    let _ = connection.try_send(body);
    connection.answer(false)
}

fn json(answer: &Answer) -> Value {
    assert_eq!(answer.header("Content-Type"), Some("application/vnd.git-lfs+json"));
    serde_json::from_slice(&answer.body).unwrap()
}

fn download(objects: &[(Digest, u64)]) -> Value {
    let objects: Vec<Value> = objects.iter().map(|(digest, size)| json!({"oid": digest.hex(), "size": size})).collect();
    json!({"operation": "download", "transfers": ["basic"], "objects": objects})
}

#[test]
fn objects_are_found_and_fetched_from_here() {
    let (bundle, digest) = bundle();
    let site = TestSite::plain(&[bundle]);
    let other = Digest::of(b"other");
    let wanted = download(&[(digest, 8), (other, 8), (digest, 9)]).to_string();
    let answer = ask(&site, &format!("{PLACE}/batch"), "Authorization: Basic eDp5\r\n", wanted.as_bytes());
    assert_eq!(answer.status, 200);
    let told = json(&answer);
    let href = format!("http://git.example.org:5000{PLACE}/{}", digest.hex());
    let action = json!({"href": href, "header": {"Authorization": "Basic eDp5"}});
    assert_eq!(told["objects"][0]["actions"]["download"], action);
    assert_eq!((&told["transfer"], &told["objects"][0]["size"]), (&json!("basic"), &json!(8)));
    assert_eq!(
        (&told["objects"][1]["error"]["code"], &told["objects"][2]["error"]["code"]),
        (&json!(404), &json!(422))
    );
    // What is there is a blob like any other.
    let path = format!("{PLACE}/{}", digest.hex());
    let whole = site.get(&path);
    assert_eq!((whole.status, whole.body.as_slice()), (200, b"the file".as_slice()));
    let part = site.get_with(&path, "Range: bytes=4-\r\n");
    assert_eq!((part.status, part.body.as_slice()), (206, b"file".as_slice()));
    // By the name that the repository has elsewhere, for whom that leads here.
    let outside = "/team/apps.git/info/lfs/objects";
    let answer = ask(&site, &format!("{outside}/batch"), "", download(&[(digest, 8)]).to_string().as_bytes());
    // The port is none of its place.
    let href = json(&answer)["objects"][0]["actions"]["download"].clone();
    assert_eq!(href, json!({"href": format!("http://git.example.org:5000{outside}/{}", digest.hex())}));
    let fetched = site.get_with(&format!("{outside}/{}", digest.hex()), "");
    assert_eq!(fetched.status, 404, "by its own name alone");
}

#[test]
fn nothing_is_taken_and_requests_are_bounded() {
    let (bundle, digest) = bundle();
    let site = TestSite::plain(&[bundle]);
    let batch = format!("{PLACE}/batch");
    let post = |body: &[u8]| ask(&site, &batch, "", body);
    let with = |key: &str, value: Value| {
        let mut request = download(&[(digest, 8)]);
        request[key] = value;
        post(request.to_string().as_bytes())
    };
    let upload = with("operation", json!("upload"));
    assert_eq!(upload.status, 403);
    assert!(json(&upload)["message"].as_str().unwrap().contains("read-only"));
    assert_eq!(with("transfers", json!(["tus"])).status, 422);
    assert_eq!(with("hash_algo", json!("md5")).status, 422);
    assert_eq!(with("objects", json!([{"oid": "../../etc/passwd", "size": 1}])).status, 200);
    assert_eq!(post(b"{").status, 422);
    assert_eq!(post(&vec![b' '; (1 << 20) + 1]).status, 413);
    let many: Vec<_> = (0..2001).map(|_| (digest, 8)).collect();
    assert_eq!(post(download(&many).to_string().as_bytes()).status, 413);
    assert_eq!(site.get(&batch).status, 405);
    assert_eq!(site.other("PUT", &format!("{PLACE}/{}", digest.hex())).status, 403);
    for object in [Digest::of(b"other").hex(), "x".to_owned(), "../x".to_owned(), "locks/verify".to_owned()] {
        assert_eq!(site.get(&format!("{PLACE}/{object}")).status, 404, "{object}");
    }
    assert_eq!(site.other("POST", "/git/gitops/apps.git/info/lfs/locks/verify").status, 404);
}
