//! Sites that programs write by the schema's shapes are read as they were meant, as YAML and as JSON; hostile text gives
//! problems.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use manifests::Site;
use manifests::schema::ApiVersion;
use manifests::schema::site::{
    AddressWord, BastionShape, BecomePassword, BecomeShape, BecomeWord, BundleShape, ClusterShape, CniShape,
    CniWithChoices, CniWord, EncryptionWord, EndpointShape, HostWord, JumpHostShape, LabelWord, NodeShape, RoleWord,
    SecretEnvironment, SecretPrompt, SecretShape, SiteFile, SiteKind, SshDefaults, SshShape, TaintWord, ValuesShape,
    VipShape,
};
use manifests::schema::{self, ChartRange};
use manifests::site::{Become, Cni, Encryption, Endpoint, Role};
use manifests::yaml::SourceFile;
use proptest::collection::btree_map;
use proptest::prelude::*;

fn secret() -> impl Strategy<Value = SecretShape> {
    prop_oneof![
        "[A-Z_][A-Z0-9_]{0,9}".prop_map(|env| SecretShape::Environment(SecretEnvironment { env })),
        "[ -~]{1,20}".prop_map(|prompt| SecretShape::Prompt(SecretPrompt { prompt })),
    ]
}

fn how_to_become_root() -> impl Strategy<Value = BecomeShape> {
    let with_password = secret().prop_map(|password| BecomeShape::WithPassword(BecomePassword { password }));
    prop_oneof![Just(BecomeShape::Word(BecomeWord::Sudo)), with_password]
}

/// The node of a number, so that no two share anything.
fn node(number: usize, role: RoleWord) -> impl Strategy<Value = NodeShape> {
    let labels = btree_map("[a-z]{1,8}\\.org/[A-Za-z]{1,9}", "([a-z0-9]{1,9})?".prop_map(LabelWord), 0..3);
    let taint = proptest::option::of("[a-z]{1,6}(=[a-z]{0,4})?:(NoSchedule|NoExecute)".prop_map(TaintWord));
    let port = proptest::option::of(1_u16..);
    (labels, taint, port, proptest::option::of(how_to_become_root()), any::<bool>()).prop_map(
        move |(labels, taint, port, r#become, bastion)| {
            let bastion = bastion.then(|| "gate".parse().unwrap());
            let login = SshDefaults { port, bastion, ..SshDefaults::default() };
            NodeShape {
                name: format!("node-{number}"),
                address: AddressWord(format!("192.0.2.{}", number + 1)),
                role,
                labels,
                taints: taint.into_iter().collect(),
                ssh: Some(SshShape { login, ..SshShape::default() }),
                r#become,
                data_directories: None,
            }
        },
    )
}

fn cni() -> impl Strategy<Value = CniShape> {
    prop_oneof![
        Just(CniShape::Named(CniWord::Calico)),
        any::<[bool; 2]>().prop_map(|[replacement, encrypted]| CniShape::WithChoices(CniWithChoices {
            name: CniWord::Cilium,
            kube_proxy_replacement: Some(replacement),
            encryption: encrypted.then_some(EncryptionWord::WireGuard),
            egress_gateway: Some(replacement),
        })),
    ]
}

prop_compose! {
    fn site()(servers in prop_oneof![Just(1_usize), Just(3), Just(5)], agents in 0_usize..4)(
        nodes in (0..servers + agents)
            .map(|number| node(number, if number < servers { RoleWord::Server } else { RoleWord::Agent }))
            .collect::<Vec<_>>(),
        cni in proptest::option::of(cni()),
        become_root in proptest::option::of(how_to_become_root()),
        variant in proptest::option::of("[a-z]{1,6}".prop_map(|name| name.parse().unwrap())),
        number in any::<i32>(),
        text in "\\PC{0,20}",
        secret in secret(),
        servers in Just(servers),
    ) -> SiteFile {
        let vip = VipShape { vip: AddressWord("192.0.2.200".to_owned()), interface: None };
        let endpoint = (servers > 1).then_some(EndpointShape::Vip(vip));
        let mut values = serde_json::Map::new();
        values.insert("number".to_owned(), number.into());
        values.insert("text".to_owned(), text.into());
        let secrets = BTreeMap::from([("auth.adminPassword".to_owned(), secret)]);
        let gate = BastionShape {
            host: HostWord("gate.example.org".to_owned()), host_keys: Vec::new(), login: SshDefaults::default(),
        };
        SiteFile {
            api_version: ApiVersion::V1,
            kind: SiteKind::Site,
            name: "plant".parse().unwrap(),
            description: None,
            bundle: BundleShape { name: "platform".parse().unwrap(), versions: ChartRange("^1.2".to_owned()) },
            jump_host: JumpHostShape { address: HostWord("jump.example.org".to_owned()), port: None },
            ssh: Some(SshDefaults { user: Some("ops".to_owned()), ..SshDefaults::default() }),
            r#become: become_root,
            bastions: BTreeMap::from([("gate".parse().unwrap(), gate)]),
            nodes,
            cluster: Some(ClusterShape { endpoint, cni, ..ClusterShape::default() }),
            ntp: Vec::new(),
            registries: BTreeMap::new(),
            components: BTreeMap::from([("app".parse().unwrap(), ValuesShape { variant, values, secrets })]),
            certificates: None,
            waivers: BTreeMap::from([("swap-off".to_owned(), "a lab".to_owned())]),
        }
    }
}

proptest! {
    #[test]
    fn a_written_site_is_read_as_it_was_meant(file in site()) {
        for text in [serde_yaml::to_string(&file).unwrap(), serde_json::to_string_pretty(&file).unwrap()] {
            let read = Site::parse(&SourceFile::new("site.yaml", &text)).map_err(|problems| {
                let list: Vec<String> = problems.list().iter().map(|one| format!("{}: {one}", one.location())).collect();
                TestCaseError::fail(format!("{text}\n{}", list.join("\n")))
            })?;
            prop_assert_eq!(read.nodes.len(), file.nodes.len());
            for (read, wrote) in read.nodes.iter().zip(&file.nodes) {
                prop_assert_eq!((read.name.as_str(), read.address.to_string()), (wrote.name.as_str(), wrote.address.0.clone()));
                prop_assert_eq!(read.role == Role::Server, wrote.role == RoleWord::Server);
                prop_assert_eq!(read.labels.len(), wrote.labels.len());
                prop_assert_eq!(read.taints.len(), wrote.taints.len());
                let login = &wrote.ssh.as_ref().unwrap().login;
                prop_assert_eq!(read.ssh.port, login.port.unwrap_or(22));
                prop_assert_eq!(read.ssh.bastion.is_some(), login.bastion.is_some());
                prop_assert_eq!(read.ssh.user.as_str(), "ops");
                let wrote = wrote.r#become.as_ref().or(file.r#become.as_ref());
                let with_password = matches!(wrote, Some(BecomeShape::WithPassword(_)));
                prop_assert_eq!(matches!(read.become_root, Become::SudoWithPassword(_)), with_password);
            }
            prop_assert_eq!(matches!(read.network.endpoint, Endpoint::Vip { .. }), read.servers().count() > 1);
            let encrypted = matches!(&file.cluster.as_ref().unwrap().cni, Some(CniShape::WithChoices(with)) if with.encryption.is_some());
            let reads_encrypted = matches!(read.network.cni, Some(Cni::Cilium(cilium)) if cilium.encryption == Some(Encryption::WireGuard));
            prop_assert_eq!(reads_encrypted, encrypted);
            prop_assert_eq!(read.waivers["swap-off"].value.as_str(), "a lab");
            let (read, wrote) = (read.components.values().next().unwrap(), file.components.values().next().unwrap());
            prop_assert_eq!(&read.variant, &wrote.variant);
            prop_assert_eq!(&read.values, &wrote.values);
            prop_assert_eq!(read.secrets.len(), 1);
        }
    }

    /// Hostile text gives problems, never a panic; nor does one that is almost a site.
    #[test]
    fn any_text_is_read_or_refused(text in "[ -~\n\t&*{}\\[\\]:#|>é]{0,200}", head in any::<bool>()) {
        let head = if head { "apiVersion: airgap/v1\nkind: Site\nname: a\nnodes:\n- " } else { "" };
        let _ = Site::parse(&SourceFile::new("any", &format!("{head}{text}")));
    }
}

#[test]
fn what_is_written_fits_the_schema() {
    use proptest::strategy::ValueTree as _;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let validator = jsonschema::validator_for(&schema::site()).unwrap();
    for _ in 0..64 {
        let value = serde_json::to_value(site().new_tree(&mut runner).unwrap().current()).unwrap();
        let errors: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
        assert_eq!(errors, [""; 0], "{value:#}");
    }
}

/// The way to a node begins with the bastion that is reached without another.
#[test]
fn a_route_leads_through_the_bastions_in_their_order() {
    let text = "apiVersion: airgap/v1\nkind: Site\nname: a\nbundle: {name: b, versions: \"*\"}\njumpHost: {address: jump}\n\
                ssh: {user: ops, bastion: inner}\nbastions:\n  inner: {host: inner, bastion: outer}\n  outer: {host: outer}\n\
                nodes:\n- {name: n, address: 192.0.2.1, role: server}\n\
                - {name: m, address: 192.0.2.2, role: agent, ssh: {bastion: none}}\n";
    let site = Site::parse(&SourceFile::new("site.yaml", text)).unwrap();
    let route: Vec<String> =
        site.route(&site.nodes[0].ssh).into_iter().map(|bastion| bastion.name.to_string()).collect();
    assert_eq!(route, ["outer", "inner"]);
    assert!(site.route(&site.nodes[1].ssh).is_empty());
}
