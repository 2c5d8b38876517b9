//! The API server, the controllers, the scheduler and the helm controller.

use anyhow::{Context, Result};
use aws_lc_rs::rand;
use base64::prelude::{BASE64_STANDARD, Engine};

use crate::authority::{Credential, Subject, certificate_file, issue, kubeconfig};
use crate::children::Service;
use crate::config::Config;
use crate::contract::contract;
use crate::hardening;
use crate::images::{CHART_JOB, reference};
use crate::join::Settings;
use crate::layout::{Data, VOLUME_PLUGINS, program, write};

/// Who may do everything.
const MASTERS: &str = "system:masters";
/// How secrets are encrypted in etcd: always, as RKE2 does.
const ENCRYPTION: &str = "server/cred/encryption-config.json";

/// Makes what a first server decides and all others take over: the key of the secrets.
pub(crate) fn make_missing(config: &Config) -> Result<()> {
    if config.data.read(ENCRYPTION).is_none() {
        let mut key = [0; 32];
        rand::fill(&mut key).ok().context("no randomness")?;
        let provider =
            serde_json::json!({"aescbc": {"keys": [{"name": "aescbckey", "secret": BASE64_STANDARD.encode(key)}]}});
        let text = serde_json::json!({
            "kind": "EncryptionConfiguration", "apiVersion": "apiserver.config.k8s.io/v1",
            "resources": [{"resources": ["secrets"], "providers": [provider, {"identity": {}}]}]
        });
        config.data.write(ENCRYPTION, text.to_string())?;
    }
    Ok(())
}

/// Writes certificates and kubeconfigs and keeps the control plane running.
pub(crate) fn start(config: &Config, settings: &Settings) -> Result<()> {
    let data = &config.data;
    serve(config, settings)?;
    for (name, user, group) in [
        ("client-kube-apiserver", "system:kube-apiserver", Some(MASTERS)),
        ("client-auth-proxy", "system:auth-proxy", None),
        ("client-admin", "system:admin", Some(MASTERS)),
        ("client-controller", "system:kube-controller-manager", None),
        ("client-scheduler", "system:kube-scheduler", None),
        ("client-helm", "system:helm-controller", Some(MASTERS)),
    ] {
        let authority = if name == "client-auth-proxy" { "request-header-ca" } else { "client-ca" };
        let credential = issue(data, authority, &Subject { name: user, group, alternative: &[] })?;
        keep(config, name, &credential)?;
    }
    let admin = data.read("server/cred/client-admin.kubeconfig").context("no kubeconfig of the administrator")?;
    let place = config.or("write-kubeconfig", contract().kubeconfig);
    let mode = config.or("write-kubeconfig-mode", "0600");
    let mode = u32::from_str_radix(mode.trim_start_matches("0o"), 8).context("write-kubeconfig-mode is no mode")?;
    write(place.as_ref(), mode, admin)?;
    for (program, arguments) in [
        ("kube-apiserver", api_server(config, settings)?),
        ("kube-controller-manager", controllers(config, settings)),
        ("kube-scheduler", scheduler(config)),
        ("helm-controller", helm_controller(config)),
    ] {
        let log = data.at(&format!("agent/logs/{program}.log"));
        Service { program: crate::layout::program(program), arguments, log }.keep()?;
    }
    Ok(())
}

/// The certificate that the API server and the supervisor show.
fn serve(config: &Config, settings: &Settings) -> Result<()> {
    let names = ["kubernetes", "kubernetes.default", "kubernetes.default.svc", "localhost", "127.0.0.1"];
    let mut names = names.map(str::to_owned).to_vec();
    names.push(format!("kubernetes.default.svc.{}", settings.cluster_domain));
    names.push(settings.first_service()?);
    names.extend([config.address.clone(), config.name.clone()]);
    names.extend(config.list("tls-san").iter().cloned());
    let subject = Subject { name: "kube-apiserver", group: None, alternative: &names };
    let credential = issue(&config.data, "server-ca", &subject)?;
    keep(config, "serving-kube-apiserver", &credential)
}

fn keep(config: &Config, name: &str, credential: &Credential) -> Result<()> {
    let data = &config.data;
    data.write(&certificate_file(name), &credential.certificate)?;
    data.write(&format!("server/tls/{name}.key"), &credential.key)?;
    let authority = data.read(&certificate_file("server-ca")).context("no authority of servers")?;
    data.write(&format!("server/cred/{name}.kubeconfig"), kubeconfig("https://127.0.0.1:6443", &authority, credential))
}

fn api_server(config: &Config, settings: &Settings) -> Result<Vec<String>> {
    let tls = |name: &str| config.data.text(&format!("server/tls/{name}"));
    let mut words: Vec<(&str, String)> = vec![
        ("advertise-address", config.or("advertise-address", &config.address)),
        ("allow-privileged", "true".into()),
        ("anonymous-auth", "false".into()),
        ("authorization-mode", "Node,RBAC".into()),
        ("bind-address", config.or("bind-address", "0.0.0.0")),
        ("client-ca-file", tls("client-ca.crt")),
        ("enable-admission-plugins", "NodeRestriction".into()),
        ("encryption-provider-config", config.data.text(ENCRYPTION)),
        ("etcd-cafile", tls("etcd/server-ca.crt")),
        ("etcd-certfile", tls("etcd/client.crt")),
        ("etcd-keyfile", tls("etcd/client.key")),
        ("etcd-servers", "https://127.0.0.1:2379".into()),
        ("kubelet-certificate-authority", tls("server-ca.crt")),
        ("kubelet-client-certificate", tls("client-kube-apiserver.crt")),
        ("kubelet-client-key", tls("client-kube-apiserver.key")),
        ("kubelet-preferred-address-types", "InternalIP".into()),
        ("profiling", "false".into()),
        ("proxy-client-cert-file", tls("client-auth-proxy.crt")),
        ("proxy-client-key-file", tls("client-auth-proxy.key")),
        ("requestheader-client-ca-file", tls("request-header-ca.crt")),
        ("requestheader-allowed-names", "system:auth-proxy".into()),
        ("requestheader-extra-headers-prefix", "X-Remote-Extra-".into()),
        ("requestheader-group-headers", "X-Remote-Group".into()),
        ("requestheader-username-headers", "X-Remote-User".into()),
        ("secure-port", "6443".into()),
        ("service-account-issuer", format!("https://kubernetes.default.svc.{}", settings.cluster_domain)),
        ("service-account-key-file", tls("service.pub")),
        ("service-account-signing-key-file", tls("service.key")),
        ("service-cluster-ip-range", settings.service_cidr.clone()),
        ("tls-cert-file", tls("serving-kube-apiserver.crt")),
        ("tls-private-key-file", tls("serving-kube-apiserver.key")),
    ];
    if let Some(file) = config.one("audit-policy-file") {
        words.push(("audit-policy-file", file.to_owned()));
        words.push(("audit-log-path", config.data.text("server/logs/audit.log")));
    }
    if let Some(file) = hardening::pod_security(config)? {
        words.push(("admission-control-config-file", file));
    }
    Ok(joined(&words, config.arguments("kube-apiserver-arg")))
}

fn controllers(config: &Config, settings: &Settings) -> Vec<String> {
    let tls = |name: &str| config.data.text(&format!("server/tls/{name}"));
    let kubeconfig = config.data.text("server/cred/client-controller.kubeconfig");
    let words = [
        ("allocate-node-cidrs", "true".into()),
        ("authentication-kubeconfig", kubeconfig.clone()),
        ("authorization-kubeconfig", kubeconfig.clone()),
        ("bind-address", "127.0.0.1".into()),
        ("cluster-cidr", settings.cluster_cidr.clone()),
        ("cluster-signing-cert-file", tls("client-ca.crt")),
        ("cluster-signing-key-file", tls("client-ca.key")),
        ("flex-volume-plugin-dir", VOLUME_PLUGINS.into()),
        // Without these, seconds go by before a job runs.
        ("kube-api-burst", "400".into()),
        ("kube-api-qps", "200".into()),
        ("kubeconfig", kubeconfig),
        ("root-ca-file", tls("server-ca.crt")),
        ("service-account-private-key-file", tls("service.key")),
        ("service-cluster-ip-range", settings.service_cidr.clone()),
        ("use-service-account-credentials", "true".into()),
    ];
    joined(&words, config.arguments("kube-controller-manager-arg"))
}

fn scheduler(config: &Config) -> Vec<String> {
    let kubeconfig = config.data.text("server/cred/client-scheduler.kubeconfig");
    let words = [
        ("authentication-kubeconfig", kubeconfig.clone()),
        ("authorization-kubeconfig", kubeconfig.clone()),
        ("bind-address", "127.0.0.1".into()),
        ("kubeconfig", kubeconfig),
    ];
    joined(&words, config.arguments("kube-scheduler-arg"))
}

fn helm_controller(config: &Config) -> Vec<String> {
    let image = config.one("helm-job-image").map_or_else(|| reference(CHART_JOB), str::to_owned);
    let words = [
        ("default-job-image", image),
        ("kubeconfig", config.data.text("server/cred/client-helm.kubeconfig")),
        ("node-name", config.name.clone()),
    ];
    joined(&words, Vec::new())
}

fn joined(words: &[(&str, String)], more: Vec<String>) -> Vec<String> {
    words.iter().map(|(name, value)| format!("--{name}={value}")).chain(more).collect()
}

/// The path of kubectl, as it is run with the administrator's rights.
pub(crate) fn kubectl(data: &Data, words: &[&str]) -> Result<String> {
    let kubeconfig = data.text("server/cred/client-admin.kubeconfig");
    let cache = data.text("server/kubectl");
    crate::children::output(
        &program("kubectl"),
        &[&["--kubeconfig", &kubeconfig, "--cache-dir", &cache], words].concat(),
    )
}
