//! What `nft -j` says of the table. Source: libnftables-json(5).

use std::net::IpAddr;

use serde_json::Value;

use super::{Destination, Egress, Questions};

/// More elements than all the sets have room for.
const ELEMENTS: usize = 10_000;

/// What was counted; none if this is no listing of the table.
pub(super) fn parse(text: &str) -> Option<Egress> {
    let listing: Value = serde_json::from_str(text).ok()?;
    let objects = listing["nftables"].as_array()?;
    let left = objects.iter().find(|object| object["counter"]["name"] == "left")?;
    let mut egress = Egress { packets: left["counter"]["packets"].as_u64()?, ..Egress::default() };
    for set in objects.iter().map(|object| &object["set"]) {
        let elements = set["elem"].as_array().into_iter().flatten().take(ELEMENTS).map(|element| &element["elem"]);
        match set["name"].as_str() {
            Some("questions4" | "questions6") => egress.questions.extend(elements.filter_map(questions)),
            Some("ports4" | "ports6" | "others4" | "others6") => {
                egress.destinations.extend(elements.filter_map(destination));
            }
            _ => {}
        }
    }
    egress.questions.sort();
    egress.destinations.sort();
    Some(egress)
}

fn questions(element: &Value) -> Option<Questions> {
    Some(Questions { server: address(&element["val"])?, packets: element["counter"]["packets"].as_u64()? })
}

fn destination(element: &Value) -> Option<Destination> {
    let parts = element["val"]["concat"].as_array()?;
    let port = parts.get(2).and_then(Value::as_u64).and_then(|port| u16::try_from(port).ok());
    // Protocols that have a name there are named, others are numbers.
    let protocol = match parts.get(1)? {
        Value::String(name) => name.clone(),
        number => format!("protocol {}", number.as_u64()?),
    };
    let packets = element["counter"]["packets"].as_u64()?;
    Some(Destination { address: address(parts.first()?)?, protocol, port, packets })
}

fn address(value: &Value) -> Option<IpAddr> {
    value.as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn counters_are_read_by_place() {
        let text = r#"{"nftables": [
            {"metainfo": {"version": "1.0.6"}},
            {"counter": {"family": "inet", "name": "left", "packets": 7, "bytes": 420}},
            {"set": {"name": "inside4", "elem": [{"prefix": {"addr": "10.42.0.0", "len": 16}}]}},
            {"set": {"name": "questions4", "elem": [{"elem": {"val": "10.77.0.1", "counter": {"packets": 2, "bytes": 80}}}]}},
            {"set": {"name": "ports4", "elem": [
                {"elem": {"val": {"concat": ["192.0.2.1", "tcp", 443]}, "counter": {"packets": 3, "bytes": 180}}}]}},
            {"set": {"name": "others6", "elem": [
                {"elem": {"val": {"concat": ["2001:db8::1", "ipv6-icmp"]}, "counter": {"packets": 4, "bytes": 1}}}]}}
        ]}"#;
        let egress = parse(text).unwrap();
        assert!(!egress.is_nothing());
        assert_eq!(egress.questions, [Questions { server: "10.77.0.1".parse().unwrap(), packets: 2 }]);
        assert_eq!(
            egress.summary().unwrap(),
            "7 packets tried to leave, to 192.0.2.1:443/tcp, 2001:db8::1 (ipv6-icmp)"
        );
    }

    #[test]
    fn what_is_no_listing_counts_as_nothing_that_is_known() {
        for text in ["", "{}", r#"{"nftables": []}"#, r#"{"nftables": [{"counter": {"name": "left"}}]}"#] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
