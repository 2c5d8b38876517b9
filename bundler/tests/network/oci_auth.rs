//! Logging in at registries.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bundler::credentials::Credentials;

use crate::fake::{Fake, registries, wanted};
use crate::fixtures::{plain, report};
use crate::server::{Received, Reply, Server};

/// Credentials from an auth file with this entry for a registry.
fn credentials(registry: &str, entry: &str) -> Credentials {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("auth.json");
    std::fs::write(&path, format!(r#"{{"auths": {{"{registry}": {entry}}}}}"#)).unwrap();
    Credentials::from_environment(|name| (name == "REGISTRY_AUTH_FILE").then(|| path.clone().into())).unwrap()
}

/// A registry that asks for a bearer token, and its token service in the same place. A token is good for `good_for`
/// requests.
async fn with_tokens(fake: Fake, good_for: usize, admit: fn(&Received) -> bool) -> Server {
    let (issued, used) = (AtomicUsize::new(0), AtomicUsize::new(0));
    Server::start(move |request, _| {
        let host = request.header("host").unwrap();
        if request.path() == "/token" {
            if !admit(request) {
                return Reply::new(401, r#"{"details": "incorrect username or password"}"#);
            }
            let number = issued.fetch_add(1, Ordering::SeqCst) + 1;
            used.store(0, Ordering::SeqCst);
            return Reply::ok(format!(r#"{{"token": "t0ken-{number}", "expires_in": 300}}"#));
        }
        let current = format!("Bearer t0ken-{}", issued.load(Ordering::SeqCst));
        let good = request.header("authorization") == Some(&current) && used.fetch_add(1, Ordering::SeqCst) < good_for;
        if good {
            return fake.answer(request);
        }
        let challenge =
            format!(r#"Bearer realm="http://{host}/token",service="registry.test",scope="repository:team/app:pull""#);
        Reply::new(401, "").with("www-authenticate", &challenge)
    })
    .await
}

fn image() -> Fake {
    let mut fake = Fake::default();
    fake.image("app", "linux/amd64", &["v1"]);
    fake
}

fn token_requests(server: &Server) -> Vec<Received> {
    server.received().into_iter().filter(|request| request.path() == "/token").collect()
}

#[tokio::test]
async fn an_anonymous_token_is_fetched_once_for_all_requests() {
    let server = with_tokens(image(), 1000, |request| request.header("authorization").is_none()).await;
    let registries = crate::fake::at(&server);
    registries.resolve(&wanted(&server, ":v1", &["linux/amd64"])).await.unwrap();
    let asked = token_requests(&server);
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].target, "/token?service=registry.test&scope=repository%3Ateam%2Fapp%3Apull");
}

#[tokio::test]
async fn a_token_that_ends_is_renewed() {
    let server = with_tokens(image(), 3, |_| true).await;
    crate::fake::at(&server).resolve(&wanted(&server, ":v1", &["linux/amd64"])).await.unwrap();
    assert!(token_requests(&server).len() > 1);
}

#[tokio::test]
async fn a_login_is_shown_to_the_token_service_and_only_the_token_to_the_registry() {
    let admit: fn(&Received) -> bool = |request| request.header("authorization") == Some("Basic dXNlcjpodW50ZXIy");
    let server = with_tokens(image(), 1000, admit).await;
    let login = credentials(&server.address, r#"{"username": "user", "password": "hunter2"}"#);
    let registries = registries(plain(&[&server.address]), login, &[]);
    registries.resolve(&wanted(&server, ":v1", &["linux/amd64"])).await.unwrap();
    let others = server.received().into_iter().filter(|request| request.path() != "/token");
    assert!(
        others
            .filter_map(|request| request.header("authorization").map(str::to_owned))
            .all(|a| a.starts_with("Bearer"))
    );
}

#[tokio::test]
async fn an_identity_token_is_traded_for_a_token() {
    let admit: fn(&Received) -> bool = |request| {
        let form = "grant_type=refresh_token&client_id=airgap-bundle&scope=repository%3Ateam%2Fapp%3Apull&\
                    refresh_token=1dentity&service=registry.test";
        request.method == "POST" && request.body == form
    };
    let server = with_tokens(image(), 1000, admit).await;
    let login = credentials(&server.address, r#"{"identitytoken": "1dentity"}"#);
    let registries = registries(plain(&[&server.address]), login, &[]);
    registries.resolve(&wanted(&server, ":v1", &["linux/amd64"])).await.unwrap();
}

#[tokio::test]
async fn a_wrong_password_is_told_without_showing_it() {
    let server = with_tokens(image(), 1000, |_| false).await;
    let login = credentials(&server.address, r#"{"username": "user", "password": "hunter2"}"#);
    let registries = registries(plain(&[&server.address]), login, &[]);
    let error = registries.resolve(&wanted(&server, ":v1", &["linux/amd64"])).await.unwrap_err();
    let text = report(&error);
    assert!(text.contains("refuses the credentials that are configured for it"), "{text}");
    assert!(text.contains("incorrect username or password") && text.contains("docker login"), "{text}");
    assert!(!format!("{text}{error:?}").contains("hunter2"));
    assert_eq!(token_requests(&server).len(), 1, "a wrong password is not tried again: accounts get locked");
}

async fn basic() -> (Server, Arc<AtomicUsize>) {
    let fake = image();
    let refused = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&refused);
    let server = Server::start(move |request, _| {
        if request.header("authorization") == Some("Basic dXNlcjpodW50ZXIy") {
            return fake.answer(request);
        }
        counter.fetch_add(1, Ordering::SeqCst);
        Reply::new(401, "").with("www-authenticate", "Basic realm=\"private\"")
    })
    .await;
    (server, refused)
}

#[tokio::test]
async fn basic_authorization_is_given_where_it_is_asked_for() {
    let (server, refused) = basic().await;
    let login = credentials(&server.address, r#"{"auth": "dXNlcjpodW50ZXIy"}"#);
    let registries = registries(plain(&[&server.address]), login, &[]);
    registries.resolve(&wanted(&server, ":v1", &["linux/amd64"])).await.unwrap();
    assert_eq!(refused.load(Ordering::SeqCst), 1, "once it is known, it is not asked for again");
}

#[tokio::test]
async fn without_credentials_the_answer_says_how_to_log_in() {
    let (server, _) = basic().await;
    let error = crate::fake::at(&server).resolve(&wanted(&server, ":v1", &["linux/amd64"])).await.unwrap_err();
    let text = report(&error);
    assert!(text.contains("401 Unauthorized") && text.contains(&format!("docker login {}", server.address)), "{text}");
}

#[tokio::test]
async fn credentials_do_not_travel_in_the_open_unless_that_was_asked_for() {
    let client = crate::fixtures::client(plain(&[]));
    let auth = bundler::http::Auth::Fixed(bundler::http::Authorization::basic("user", "hunter2"));
    let request = bundler::http::Request::get("http://mirror.invalid/x".parse().unwrap()).auth(auth);
    let error = client.get_small(&request, 100).await.unwrap_err();
    assert!(report(&error).contains("the connection is not encrypted"), "{}", report(&error));
}
