//! What the stand-ins for upstream's systems are there for.

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use super::ground::password;
use super::{CLINIC, GIT, NOBODY, PROMETHEUS, Platform, until};

impl Platform {
    fn sql(&self, password: &str, statement: &str) -> airgap_tests::Outcome {
        let password = format!("PGPASSWORD={password}");
        let psql = ["psql", "--host=database.database.svc", "--username=postgres", "--no-align", "--tuples-only"];
        self.in_pod(&[&["env", &password], &psql[..], &["--set=ON_ERROR_STOP=1", "--command", statement]].concat())
    }

    /// Also when its pod is another one.
    pub(super) fn database_keeps_what_it_is_told(&self) {
        let right = password("database-password");
        self.sql(right, "CREATE TABLE pets (name text)").success().unwrap();
        self.sql(right, "INSERT INTO pets VALUES ('Rex'), ('Mia')").success().unwrap();
        let select = "SELECT name FROM pets ORDER BY name";
        assert_eq!(self.sql(right, select).success().unwrap().stdout, "Mia\nRex\n");
        let refused = self.sql("wrong", select).failure().unwrap();
        assert!(refused.stderr.contains("password authentication failed"), "{refused}");
        self.ground.kubectl(&["-n", "database", "delete", "pod", "database-0"]).success().unwrap();
        let kept = until("the database is back", || Ok(self.sql(right, select).success()?.stdout));
        assert_eq!(kept, "Mia\nRex\n");
    }

    pub(super) fn cache_answers_to_whom_it_knows(&self) {
        let known = format!("REDISCLI_AUTH={}", password("cache-password"));
        let ask = |who: &str, words: &[&str]| {
            let said = self.in_pod(&[&["env", who, "redis-cli", "-h", "cache.cache.svc"], words].concat());
            said.success().unwrap().stdout
        };
        assert_eq!(ask(&known, &["PING"]), "PONG\n");
        assert_eq!(ask(&known, &["SET", "greeting", "hello"]), "OK\n");
        assert_eq!(ask(&known, &["GET", "greeting"]), "hello\n");
        let unknown = ask("NOBODY=1", &["GET", "greeting"]);
        assert!(unknown.contains("NOAUTH"), "{unknown}");
    }

    pub(super) fn ingress_leads_by_host_and_shows_certificates_of_secrets(&self) {
        let fetch = || Ok(self.ask((CLINIC, "apps.crt"), "/", &["--fail"]).success()?.stdout);
        let clinic = until("the ingress knows the clinic", fetch);
        assert_eq!(clinic, "Veterinary practice\n");
        let status = ["-o", "page", "-w", "%{http_code}"];
        assert_eq!(self.ask((NOBODY, "apps.crt"), "/", &status).success().unwrap().stdout, "404");
        // A git server is behind its own name, with its own certificate and no other.
        assert_eq!(self.ask((GIT, "git.crt"), "/apps.git/info/refs", &status).success().unwrap().stdout, "401");
        let stranger = self.ask((GIT, "apps.crt"), "/", &status).failure().unwrap();
        assert_eq!(stranger.code, Some(60), "curl does not refuse the certificate: {stranger}");
    }

    pub(super) fn monitoring_sees_all_and_its_alert_arrives(&self) {
        let base = "http://prometheus.monitoring.svc:9090/api/v1";
        until("all targets are up", || {
            let said = self.inside(&format!("{base}/targets"))?;
            let targets = said["data"]["activeTargets"].as_array().context("no targets")?;
            ensure!(targets.len() == 4 && targets.iter().all(|target| target["health"] == "up"), "{said:#}");
            Ok(())
        });
        until("the alert fires", || {
            let said = self.inside(&format!("{base}/alerts"))?;
            let alert = &said["data"]["alerts"][0];
            ensure!(alert["labels"]["alertname"] == "Watchdog" && alert["state"] == "firing", "{said:#}");
            Ok(())
        });
        let arrived = until("the alert has arrived", || {
            let said = self.inside("http://alertmanager.monitoring.svc:9093/api/v2/alerts")?;
            said.get(0).cloned().context("no alert")
        });
        assert_eq!(arrived["labels"], json!({"alertname": "Watchdog", "severity": "none"}), "{arrived:#}");
        // From outside of the cluster, what both nodes say of themselves.
        let said = self.ask((PROMETHEUS, "apps.crt"), "/api/v1/query?query=node_memory_MemTotal_bytes", &["--fail"]);
        let said: Value = serde_json::from_str(&said.success().unwrap().stdout).unwrap();
        let sizes = said["data"]["result"].as_array().unwrap();
        let size = |one: &Value| one["value"][1].as_str().unwrap().parse::<f64>().unwrap();
        assert!(sizes.len() == 2 && sizes.iter().all(|one| size(one) > 1e9), "{said:#}");
    }
}
