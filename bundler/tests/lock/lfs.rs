//! Files in LFS: found in a repository that the real git serves, fetched from a server of LFS that is made up here.

use std::collections::HashMap;
use std::fs;
use std::sync::{Arc, Mutex};

use manifests::Digest;
use manifests::bundle::UnverifiedBundle;
use serde_json::{Value, json};

use crate::git::Rig;
use crate::server::{Received, Reply};

/// What the server has, by the name of the object.
type Objects = Arc<Mutex<HashMap<String, Vec<u8>>>>;

const BATCH: &str = "/apps.git/info/lfs/objects/batch";
const STORE: &str = "/store/";

/// Answers as a server of LFS: by the batch API, and behind it a store that wants what the API says.
fn lfs(objects: &Objects, request: &Received) -> Option<Reply> {
    let objects = objects.lock().unwrap();
    if let Some(object) = request.path().strip_prefix(STORE) {
        let may = request.header("authorization") == Some("RemoteAuth 5ecret") && request.header("x-part") == Some("a");
        return Some(if may { Reply::ranged(request, &objects[object]) } else { Reply::new(403, "") });
    }
    if request.path() != BATCH || request.method != "POST" {
        return None;
    }
    assert_eq!(request.header("content-type"), Some("application/vnd.git-lfs+json"));
    assert_eq!(request.header("accept"), Some("application/vnd.git-lfs+json"));
    let asked: Value = serde_json::from_str(&request.body).unwrap();
    assert_eq!((&asked["operation"], &asked["transfers"]), (&json!("download"), &json!(["basic"])));
    let place = format!("http://{}{STORE}", request.header("host").unwrap());
    let answer = |object: &Value| {
        let name = object["oid"].as_str().unwrap();
        let mut answer = object.clone();
        if objects.contains_key(name) {
            let header = json!({"Authorization": "RemoteAuth 5ecret", "X-Part": "a"});
            answer["actions"] = json!({"download": {"href": format!("{place}{name}"), "header": header}});
        } else {
            answer["error"] = json!({"code": 404, "message": "Object does\nnot exist"});
        }
        answer
    };
    let answers: Vec<Value> = asked["objects"].as_array().unwrap().iter().map(answer).collect();
    Some(Reply::new(200, json!({"transfer": "basic", "objects": answers}).to_string()))
}

/// What stands for a file.
fn pointer(content: &[u8]) -> String {
    format!(
        "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize {}\n",
        Digest::of(content).hex(),
        content.len()
    )
}

struct Upstream {
    rig: Rig,
    objects: Objects,
}

/// A repository with one file in LFS now, and another in an earlier commit.
async fn upstream() -> Upstream {
    let objects = Objects::default();
    let served = Arc::clone(&objects);
    let rig = Rig::with(move |request| lfs(&served, request)).await;
    let upstream = Upstream { rig, objects };
    upstream.commit(b"the earlier one");
    upstream.commit(b"the file");
    upstream.rig.write_stack("    lfs: carry\n");
    let stack = fs::read_to_string(upstream.rig.path("stack.yaml")).unwrap();
    fs::write(upstream.rig.path("stack.yaml"), stack.replace("    refs: [v1]\n", "")).unwrap();
    upstream
}

impl Upstream {
    fn commit(&self, content: &[u8]) {
        let folder = self.rig.path("served/apps.git");
        fs::write(folder.join(".gitattributes"), "*.bin filter=lfs diff=lfs merge=lfs -text\n").unwrap();
        fs::create_dir_all(folder.join("deep er")).unwrap();
        fs::write(folder.join("deep er/big.bin"), pointer(content)).unwrap();
        fs::write(folder.join("about.txt"), "The first line is `version https://git-lfs.github.com/spec/v1`.\n")
            .unwrap();
        // As it is: no filter of this machine makes something else of it.
        let plain = ["-c", "filter.lfs.clean=", "-c", "filter.lfs.process=", "-c", "filter.lfs.required=false"];
        self.rig.in_repository(&[&plain[..], &["add", "."]].concat());
        self.rig.in_repository(&["commit", "--quiet", "-m", "more"]);
        self.put(content);
    }

    fn put(&self, content: &[u8]) -> Digest {
        let digest = Digest::of(content);
        self.objects.lock().unwrap().insert(digest.hex(), content.to_vec());
        digest
    }

    fn asked(&self, path: &str) -> usize {
        self.rig.server.received().iter().filter(|request| request.path().starts_with(path)).count()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_checkout_needs_is_locked_and_carried() {
    let upstream = upstream().await;
    let rig = &upstream.rig;
    rig.run("lock stack.yaml").await.ok();
    let locked = rig.lock().git.remove(0).in_lfs.unwrap();
    let digest = Digest::of(b"the file");
    assert_eq!(locked.from, rig.server.url("/apps.git/info/lfs").to_string());
    assert_eq!(locked.objects.iter().map(|object| (object.digest, object.size)).collect::<Vec<_>>(), [(digest, 8)]);
    assert_eq!((upstream.asked(BATCH), upstream.asked(STORE)), (1, 0), "it is there, and that is enough for a lock");

    rig.run("build stack.yaml --unsigned --locked -o before.tar.zst").await.ok();
    assert_eq!(upstream.asked(STORE), 1);
    let bundle = UnverifiedBundle::open(&[rig.path("before.tar.zst")]).unwrap();
    let pinned = bundle.document_digest();
    let bundle = bundle.verify_pinned(&pinned).unwrap();
    let set = bundle.document().items.iter().find_map(|item| item.as_files()).unwrap();
    let paths: Vec<&str> = set.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["git/apps.bundle", &format!("git/apps.lfs/{}", digest.hex())]);
    assert_eq!(bundle.read_to_vec(&digest, 100).unwrap(), b"the file");
    // The lock alone decides; a build without one finds the same.
    upstream.commit(b"a later one");
    rig.run("build stack.yaml --unsigned --locked -o after.tar.zst").await.ok();
    assert!(rig.read("after.tar.zst") == rig.read("before.tar.zst"));
    let same = rig.run("diff stack.lock.yaml before.tar.zst").await.ok();
    assert!(!same.contains("apps.lfs"), "{same}");
    let outdated = rig.run("outdated stack.yaml").await.ok();
    assert!(outdated.contains("git/apps.bundle"), "{outdated}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_server_lacks_or_changes_is_not_carried() {
    let upstream = upstream().await;
    let rig = &upstream.rig;
    let digest = Digest::of(b"the file");
    let kept = upstream.objects.lock().unwrap().remove(&digest.hex()).unwrap();
    let told = rig.run("lock stack.yaml").await.fails();
    let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains(&format!("does not have what it keeps in LFS: {digest} (Object does not exist)")), "{told}");
    upstream.objects.lock().unwrap().insert(digest.hex(), kept);
    rig.run("lock stack.yaml").await.ok();
    upstream.objects.lock().unwrap().insert(digest.hex(), b"the FILE".to_vec());
    let told = rig.run("build stack.yaml --unsigned --locked -o x.tar.zst").await.fails();
    assert!(told.contains(&digest.to_string()), "{told}");
    assert!(!rig.path("x.tar.zst").exists() && !told.contains("5ecret"), "{told}");

    // Nobody said that they shall be carried.
    let stack = fs::read_to_string(rig.path("stack.yaml")).unwrap();
    fs::write(rig.path("stack.yaml"), stack.replace("lfs: carry", "lfs: refuse")).unwrap();
    let told = rig.run("lock stack.yaml").await.fails();
    assert!(told.contains("it keeps files in LFS") && told.contains("`lfs: carry`"), "{told}");
}
