//! Lists of images that upstreams publish.

use std::num::NonZeroUsize;

use bundler::discovery::{Confidence, ListRequest, discover};
use manifests::component::ImageChoice;

use crate::rig::{Written, helm, request};

#[tokio::test(flavor = "multi_thread")]
async fn each_line_of_a_list_is_an_image_and_placeholders_are_filled_in() {
    let written = Written::new(&[(
        "images.txt",
        "# of shop\n\nregistry.example.org/web:{version}\nnginx:1.27  12 MB\n docker://quay.io/a/b:1\nbad:{other}\n",
    )]);
    let work = tempfile::tempdir().unwrap();
    let mut request = request(written.folder(), work.path());
    request.lists.push(ListRequest {
        component: "shop".parse().unwrap(),
        list: "./images.txt".to_owned(),
        path: written.folder().join("images.txt"),
        placeholders: [("version".to_owned(), "v1.2".to_owned())].into(),
        choice: ImageChoice::default(),
    });
    let found = discover(&helm().await, request, NonZeroUsize::MIN).await.unwrap();
    let seen: Vec<_> = found.sightings.iter().map(|found| (found.reference.to_string(), found.path.as_str())).collect();
    let expected = [
        ("docker.io/library/nginx:1.27", "line 4"),
        ("quay.io/a/b:1", "line 5"),
        ("registry.example.org/web:v1.2", "line 3"),
    ];
    assert_eq!(seen, expected.map(|(reference, line)| (reference.to_owned(), line)));
    assert!(found.sightings.iter().all(|found| found.confidence == Confidence::Likely));
    let failures: Vec<_> = found.failures.iter().map(|failure| failure.trouble.to_string()).collect();
    assert_eq!(failures, ["line 6 of the list, `bad:{other}`, is no image reference"]);
}
