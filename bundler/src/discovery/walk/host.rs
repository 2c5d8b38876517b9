//! Where a URL leads: into the cluster, to the site, or out.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Ends of names that a cluster gives.
const OF_CLUSTER: [&str; 2] = [".svc", ".cluster.local"];
/// Ends of public names that are longer than two letters. A service is called by its namespace too (`web.shop`), and sites have
/// names of their own (`plant.internal`): what has another end is none that everybody knows.
const PUBLIC: [&str; 6] = ["com", "org", "net", "edu", "gov", "mil"];
/// Ends that namespaces have too: `web.dev`. Such a name is public with two dots.
const AMBIGUOUS: [&str; 8] = ["app", "biz", "cloud", "dev", "info", "online", "tech", "xyz"];

/// The host of a URL, in small letters and without its port; none where something is filled in later.
pub(super) fn host(url: &str) -> Option<String> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let bare = match host.strip_prefix('[') {
        Some(address) => address.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let is_literal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '_');
    (!bare.is_empty() && bare.chars().all(is_literal)).then(|| bare.trim_end_matches('.').to_ascii_lowercase())
}

/// Whether a cluster gave a name: that of a service, or one without a dot.
pub(super) fn is_of_cluster(host: &str) -> bool {
    !host.contains(['.', ':']) || host.contains(".svc.") || OF_CLUSTER.iter().any(|end| host.ends_with(end))
}

/// Whether a host surely is neither in the cluster nor at the site.
pub(super) fn is_public(host: &str) -> bool {
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => is_public_v4(address),
        Ok(IpAddr::V6(address)) => is_public_v6(address),
        Err(_) => !is_of_cluster(host) && has_public_end(host),
    }
}

fn has_public_end(host: &str) -> bool {
    let end = host.rsplit('.').next().unwrap_or_default();
    let is_ambiguous = AMBIGUOUS.contains(&end) && host.matches('.').count() > 1;
    PUBLIC.contains(&end) || is_ambiguous || (end.len() == 2 && end.bytes().all(|byte| byte.is_ascii_lowercase()))
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    let is_shared = first == 100 && second & 0b1100_0000 == 64;
    let here = address.is_private() || address.is_loopback() || address.is_link_local() || address.is_unspecified();
    !(here || is_shared || address.is_multicast() || address.is_broadcast())
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    // What is routed everywhere begins with 2 or 3.
    address.segments()[0] & 0xe000 == 0x2000
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leads_out(url: &str) -> bool {
        host(url).is_some_and(|host| is_public(&host))
    }

    #[test]
    fn only_what_surely_is_outside_leads_out() {
        for url in [
            "https://example.org/a.yaml",
            "http://user:word@dl.k8s.io:8080/release/v1/kubectl",
            "https://Raw.GitHubUserContent.com./a",
            "https://get.tool.dev/a",
            "https://8.8.8.8/a",
            "https://[2001:4860:4860::8888]/a",
        ] {
            assert!(leads_out(url), "{url}");
        }
        for url in [
            "https://localhost:8443/healthz",
            "http://127.0.0.1/",
            "http://web/",
            "http://web.shop:8080/ready",
            "http://web.dev:8080/ready",
            "http://web.shop.svc/",
            "https://kubernetes.default.svc.cluster.local/api",
            "https://kubernetes.default/api",
            "http://169.254.169.254/latest/meta-data",
            "http://10.1.2.3/",
            "http://172.16.0.1/",
            "http://192.168.1.1/",
            "http://100.64.0.1/",
            "http://[::1]:80/",
            "http://[fd00::1]/",
            "https://registry.plant.internal/a",
            "https://nas.local/a",
            "https://site-value.invalid/a",
            "https://$HOST/a",
            "https://${HOST}.example.org/a",
            "https://{{ .host }}/a",
            "https://<your-host>.com/",
            "https:///a",
            "",
        ] {
            assert!(!leads_out(url), "{url}");
        }
    }
}
