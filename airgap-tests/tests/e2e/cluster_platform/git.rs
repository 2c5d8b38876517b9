//! A repository that the bundle carries: from the site's server into a pod, from there into the cluster's own git server, and from
//! that to a pod and out of the cluster again.

use super::ground::password;
use super::{GIT, INGRESS_PORT, Platform};
use airgap_tests::{JUMP_NAME, Outcome};

impl Platform {
    fn git(&self, words: &[&str]) -> Outcome {
        self.in_pod(&[&["env", "GIT_TERMINAL_PROMPT=0", "git"], words].concat())
    }

    pub(super) fn a_carried_repository_is_cloned_in_a_pod_and_goes_to_the_clusters_own_server(&self) {
        let carried = format!("https://{JUMP_NAME}:5000/git/workbench/apps.git");
        self.git(&["clone", "--quiet", &carried, "apps"]).success().unwrap();
        self.has_the_commit("apps");
        self.site_answers_nobody_else_and_takes_nothing(&carried);

        self.git(&["clone", "--quiet", "--mirror", &carried, "apps.git"]).success().unwrap();
        let own = format!("http://git:{}@git-server.git.svc/apps.git", password("git-password"));
        self.git(&["-C", "apps.git", "push", "--quiet", "--mirror", &own]).success().unwrap();
        self.git(&["clone", "--quiet", &own, "again"]).success().unwrap();
        self.has_the_commit("again");
        let unknown = self.git(&["clone", "http://git:wrong@git-server.git.svc/apps.git", "never"]).failure().unwrap();
        assert!(unknown.stderr.contains("Authentication failed"), "{unknown}");

        let url = format!("https://git:{}@{GIT}:{INGRESS_PORT}/apps.git", password("git-password"));
        let authority = format!("http.sslCAInfo={}", self.client.path("git.crt").display());
        self.client.run("git", &["-c", &authority, "clone", "--quiet", &url, "apps"]).unwrap();
        let commit = self.client.run("git", &["-C", "apps", "rev-parse", "HEAD"]).unwrap();
        assert_eq!(commit.trim(), self.commit);
    }

    /// A folder of the pod holds what was committed outside.
    fn has_the_commit(&self, folder: &str) {
        let said = |words: &[&str]| self.git(&[&["-C", folder], words].concat()).success().unwrap().stdout;
        assert_eq!(said(&["rev-parse", "HEAD"]).trim(), self.commit);
        assert_eq!(said(&["show", "HEAD:shop.yaml"]), "replicas: 2\n");
        assert_eq!(said(&["show", "v1:shop.yaml"]), "replicas: 1\n");
        assert_eq!(said(&["status", "--porcelain"]), "");
    }

    fn site_answers_nobody_else_and_takes_nothing(&self, carried: &str) {
        let environment = ["env", "GIT_TERMINAL_PROMPT=0"];
        let without = |setting: &str| {
            self.in_pod(&[&environment[..], &[setting, "git", "clone", carried, "never"]].concat()).failure().unwrap()
        };
        let nobody = without("HOME=/work");
        assert!(nobody.stderr.contains("could not read Username"), "{nobody}");
        let distrustful = without("GIT_SSL_CAINFO=/etc/ssl/certs/ca-certificates.crt");
        assert!(distrustful.stderr.contains("certificate"), "{distrustful}");
        let refused = self.git(&["-C", "apps", "push", "origin", "HEAD:refs/heads/mine"]).failure().unwrap();
        assert!(refused.stderr.contains("403"), "{refused}");
    }
}
