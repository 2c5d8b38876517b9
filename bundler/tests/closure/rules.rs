//! One small archive for each rule.

use bundler::packages::closure::{Profile, Why, close};

use crate::fixture::{Fixture, asks, held, installed, names, package};

#[test]
fn the_first_alternative_that_can_be_had_is_taken() {
    let archive = [
        package("app 1", &["Depends: first | second | third"]),
        package("first 1", &["Depends: nothing-has-this"]),
        package("second 1", &[]),
        package("third 1", &[]),
    ];
    Fixture::new(&archive).compare(&[asks("web", "app")]).is(&["app 1", "second 1"]);
}

#[test]
fn what_is_installed_is_preferred_and_what_apt_would_have_chosen_is_carried_too() {
    let archive = [
        package("app 1", &["Depends: default-mta | mail-transport-agent"]),
        package("default-mta 1 all", &["Depends: exim"]),
        package("exim 4", &["Provides: mail-transport-agent", "Conflicts: mail-transport-agent"]),
        package("postfix 3", &["Provides: mail-transport-agent", "Conflicts: mail-transport-agent"]),
    ];
    let fixture = Fixture::new(&archive)
        .base(&[installed("postfix 3", &["Provides: mail-transport-agent", "Conflicts: mail-transport-agent"])]);
    let outcome = fixture.compare(&[asks("web", "app")]);
    assert_eq!(outcome.apt.as_ref().unwrap(), &["app 1"]);
    // A node without postfix needs the others.
    outcome.we_carry(&["app 1", "default-mta 1", "exim 4"]);
}

#[test]
fn a_real_package_comes_before_one_that_provides_it() {
    let archive = [
        package("other 1", &["Provides: editor"]),
        package("app 1", &["Depends: editor"]),
        package("editor 1", &[]),
        package("another 1", &["Provides: editor"]),
    ];
    Fixture::new(&archive).compare(&[asks("web", "app")]).is(&["app 1", "editor 1"]);
}

#[test]
fn of_two_providers_apt_takes_the_later_mentioned_unless_one_is_more_important() {
    let providers = |one: &str, other: &str| {
        [
            package("one 1", &["Provides: editor", one]),
            package("two 1", &["Provides: editor", other]),
            package("app 1", &["Depends: editor"]),
        ]
    };
    let archive = providers("Priority: optional", "Priority: optional");
    Fixture::new(&archive).compare(&[asks("web", "app")]).is(&["app 1", "two 1"]);
    let archive = providers("Priority: important", "Priority: optional");
    Fixture::new(&archive).compare(&[asks("web", "app")]).is(&["app 1", "one 1"]);
    // Whoever is mentioned in a relation first has the lower number.
    let mut archive = providers("Priority: optional", "Priority: optional").to_vec();
    archive.insert(0, package("early 1", &["Suggests: two", "Enhances: one"]));
    Fixture::new(&archive).compare(&[asks("web", "app")]).is(&["app 1", "one 1"]);
}

#[test]
fn provided_versions_count() {
    let archive = [
        package("app 1", &["Depends: api (>= 2)"]),
        package("without 1", &["Provides: api"]),
        package("old 1", &["Provides: api (= 1.9)"]),
        package("new 1", &["Provides: api (= 2.0~rc1), api (= 2.1)"]),
    ];
    Fixture::new(&archive).compare(&[asks("web", "app")]).is(&["app 1", "new 1"]);
    let archive = [package("app 1", &["Depends: api (>= 2)"]), package("without 1", &["Provides: api"])];
    let outcome = Fixture::new(&archive).compare(&[asks("web", "app")]);
    outcome.is_refused(&["component `web` asks for app", "needs api (>= 2)"]);
}

#[test]
fn epochs_and_tildes_are_compared_as_dpkg_does() {
    let archive = [
        package("app 1", &["Depends: lib (>= 1:1.0), tool (<< 2.0)"]),
        package("lib 9.0", &[]),
        package("lib 1:1.0", &[]),
        package("tool 2.0~rc1", &[]),
    ];
    Fixture::new(&archive).compare(&[asks("web", "app")]).is(&["app 1", "lib 1:1.0", "tool 2.0~rc1"]);
}

#[test]
fn recommended_packages_come_when_asked_for_and_only_then() {
    let archive = [
        package("app 1", &["Recommends: extra, not-there"]),
        package("extra 1", &["Recommends: more"]),
        package("more 1", &[]),
    ];
    let fixture = Fixture::new(&archive);
    fixture.compare(&[asks("web", "app")]).is(&["app 1"]);
    let mut request = asks("web", "app");
    request.recommends = true;
    fixture.compare(&[request]).is(&["app 1", "extra 1", "more 1"]);
}

#[test]
fn in_a_conflict_all_is_carried_that_apt_may_keep_of_what_is_recommended() {
    let archive = [
        package("app 1", &["Depends: left, right", "Recommends: one, extra"]),
        package("left 1", &["Depends: one | two"]),
        package("right 1", &["Depends: other"]),
        package("one 1", &[]),
        package("two 1", &["Recommends: three"]),
        package("three 1", &[]),
        package("other 1", &["Conflicts: one"]),
        package("extra 1", &["Recommends: more"]),
        package("more 1", &[]),
    ];
    let mut request = asks("web", "app");
    request.recommends = true;
    Fixture::new(&archive).compare(&[request]).carries_what_apt_installs();
}

#[test]
fn multi_arch_same_goes_in_lockstep() {
    let library = |head: &str| package(head, &["Multi-Arch: same"]);
    let archive = [
        library("lib 2"),
        package("app 1", &[]),
        library("lib 2 i386"),
        package("old 1 i386", &["Depends: lib (>= 2)"]),
    ];
    let fixture = Fixture::new(&archive).foreign("i386").base(&[installed("lib 1", &["Multi-Arch: same"])]);
    fixture.compare(&[asks("web", "old:i386")]).is(&["lib 2", "lib:i386 2", "old:i386 1"]);
    // A node that is ahead of the archive can't be followed.
    let fixture = Fixture::new(&archive).foreign("i386").base(&[installed("lib 3", &["Multi-Arch: same"])]);
    fixture.compare(&[asks("web", "old:i386")]).is_refused(&["needs lib (>= 2)", "lib 3"]);
}

#[test]
fn multi_arch_foreign_serves_every_architecture_and_allowed_those_that_ask() {
    let archive = [
        package("tool 1", &["Multi-Arch: foreign"]),
        package("interpreter 1", &["Multi-Arch: allowed"]),
        package("app 1 i386", &["Depends: tool, interpreter:any"]),
        package("strict 1 i386", &["Depends: interpreter"]),
    ];
    let fixture = Fixture::new(&archive).foreign("i386");
    fixture.compare(&[asks("web", "app:i386")]).is(&["app:i386 1", "interpreter 1", "tool 1"]);
    fixture.compare(&[asks("web", "strict:i386")]).is_refused(&["needs interpreter"]);
}

#[test]
fn essential_packages_are_upgraded_where_a_version_forces_it() {
    let archive = [
        package("app 1", &["Depends: libc (= 2)"]),
        package("libc 2", &["Breaks: tools (<< 2)"]),
        package("tools 2", &["Essential: yes", "Depends: libc (>= 2)"]),
        package("plain 1", &["Depends: libc (>= 1)"]),
    ];
    let base = [installed("libc 1", &[]), installed("tools 1", &["Essential: yes", "Depends: libc (>= 1)"])];
    let fixture = Fixture::new(&archive).base(&base);
    fixture.compare(&[asks("web", "app")]).is(&["app 1", "libc 2", "tools 2"]);
    fixture.compare(&[asks("web", "plain")]).is(&["plain 1"]);
}

#[test]
fn who_needs_the_old_version_exactly_is_upgraded_along() {
    let archive = [
        package("app 1", &["Depends: lib (>= 2)"]),
        package("lib 2", &[]),
        package("lib-dev 2", &["Depends: lib (= 2)"]),
    ];
    let base = [installed("lib 1", &[]), installed("lib-dev 1", &["Depends: lib (= 1)"])];
    Fixture::new(&archive).base(&base).compare(&[asks("web", "app")]).is(&["app 1", "lib 2", "lib-dev 2"]);
}

#[test]
fn packages_of_one_source_are_upgraded_together() {
    let archive = [
        package("app 1", &["Depends: lib (>= 2)"]),
        package("lib 2", &["Source: project"]),
        package("lib-data 2 all", &["Source: project"]),
    ];
    let base = [installed("lib 1", &["Source: project"]), installed("lib-data 1 all", &["Source: project"])];
    let outcome = Fixture::new(&archive).base(&base).compare(&[asks("web", "app")]);
    outcome.we_carry(&["app 1", "lib 2", "lib-data 2"]);
}

#[test]
fn a_node_that_is_ahead_keeps_its_version() {
    let archive = [
        package("app 1", &["Depends: lib (>= 1)"]),
        package("exact 1", &["Depends: lib (= 1)"]),
        package("lib 1", &[]),
    ];
    let fixture = Fixture::new(&archive).base(&[installed("lib 2", &[])]);
    fixture.compare(&[asks("web", "app")]).is(&["app 1"]);
    fixture.compare(&[asks("web", "exact")]).is_refused(&["exact 1 needs lib (= 1)", "the later lib 2 is installed"]);
}

#[test]
fn what_is_on_hold_stays() {
    let archive = [package("app 1", &["Depends: lib (>= 2)"]), package("lib 2", &[])];
    let fixture = Fixture::new(&archive).base(&[held("lib 1", &[])]);
    fixture.compare(&[asks("web", "app")]).is_refused(&["needs lib (>= 2)", "lib 1 is on hold"]);
}

#[test]
fn two_components_in_conflict_are_explained_with_their_chains() {
    let archive = [
        package("shop 1", &["Depends: mailer"]),
        package("mailer 1", &["Depends: postfix"]),
        package("postfix 3", &["Conflicts: mail-transport-agent", "Provides: mail-transport-agent"]),
        package("forum 1", &["Depends: exim"]),
        package("exim 4", &["Conflicts: mail-transport-agent", "Provides: mail-transport-agent"]),
        package("innocent 1", &[]),
    ];
    let requests = [asks("shop", "shop"), asks("other", "innocent"), asks("forum", "forum")];
    let outcome = Fixture::new(&archive).compare(&requests);
    outcome.is_refused(&[
        "component `shop` asks for shop",
        "shop 1 needs mailer",
        "mailer 1 needs postfix",
        "component `forum` asks for forum",
        "forum 1 needs exim",
        "conflicts with mail-transport-agent",
    ]);
    assert!(!outcome.ours.unwrap_err().contains("innocent"));
}

#[test]
fn a_missing_dependency_is_named_with_its_chain() {
    let archive =
        [package("app 1", &["Depends: lib"]), package("lib 1", &["Depends: gone (>= 2)"]), package("gone 1", &[])];
    let outcome = Fixture::new(&archive).compare(&[asks("web", "app")]);
    outcome.is_refused(&["component `web` asks for app", "app 1 needs lib", "lib 1 needs gone (>= 2)", "only gone 1"]);
}

#[test]
fn a_request_that_nothing_fits_says_what_there_is() {
    let archive = [
        package("nginx 1.22", &[]),
        package("one 1", &["Provides: editor"]),
        package("two 1", &["Provides: editor"]),
        package("only 1", &["Provides: api"]),
    ];
    let fixture = Fixture::new(&archive);
    fixture.compare(&[asks("web", "ngin")]).is_refused(&["component `web` asks for package `ngin`", "similar: nginx"]);
    fixture.compare(&[asks("web", "nginx (1.23)")]).is_refused(&["`nginx` (= 1.23)", "have 1.22"]);
    fixture.compare(&[asks("web", "editor")]).is_refused(&["several packages provide: one, two"]);
    fixture.compare(&[asks("web", "api")]).is(&["only 1"]);
}

#[test]
fn phased_updates_are_taken_at_once() {
    let archive = [package("app 1", &[])];
    let updates = [package("app 1.1", &["Phased-Update-Percentage: 0"])];
    let fixture = Fixture::new(&archive).pocket(&updates);
    fixture.compare(&[asks("web", "app")]).is(&["app 1.1"]);
    let fixture = Fixture::new(&archive).pocket(&updates).base(&[installed("app 1", &[])]);
    fixture.compare(&[asks("web", "app")]).is(&["app 1.1"]);
}

#[test]
fn pockets_count_as_their_release_and_pins_say() {
    let stable = [package("app 1", &[])];
    let later = [package("app 2", &[])];
    Fixture::new(&stable).pocket(&later).compare(&[asks("web", "app")]).is(&["app 2"]);
    Fixture::new(&stable).pocket(&later).backports().compare(&[asks("web", "app")]).is(&["app 1"]);
    Fixture::new(&stable).pocket(&later).experimental().compare(&[asks("web", "app")]).is(&["app 1"]);
    Fixture::new(&stable).pinned(900).pocket(&later).compare(&[asks("web", "app")]).is(&["app 1"]);
    Fixture::new(&stable).pocket(&later).backports().compare(&[asks("web", "app (2)")]).is(&["app 2"]);
    // Whoever has a backport gets its updates.
    let backport = [installed("app 1.9", &[])];
    let outcome = Fixture::new(&stable).pocket(&later).backports().base(&backport).compare(&[asks("web", "app")]);
    assert_eq!(outcome.apt.as_ref().unwrap(), &["app 2"]);
    outcome.we_carry(&["app 1", "app 2"]);
}

#[test]
fn breaks_upgrade_what_they_are_against() {
    let archive = [
        package("app 1", &["Breaks: helper (<< 2)"]),
        package("helper 2", &["Depends: helper-data"]),
        package("helper-data 2", &[]),
    ];
    let fixture = Fixture::new(&archive).base(&[installed("helper 1", &[])]);
    fixture.compare(&[asks("web", "app")]).is(&["app 1", "helper 2", "helper-data 2"]);
}

#[test]
fn nothing_that_is_installed_is_removed() {
    let archive = [package("app 1", &["Conflicts: old"])];
    let fixture = Fixture::new(&archive).base(&[installed("old 1", &[])]);
    fixture
        .compare(&[asks("web", "app")])
        .is_refused(&["app 1 conflicts with old, which is old 1", "the base has old 1"]);
}

#[test]
fn where_apt_s_first_choices_contradict_each_other_the_installation_is_found() {
    let archive = [
        package("app 1", &["Depends: left, right"]),
        package("left 1", &["Depends: one | two"]),
        package("right 1", &["Depends: other"]),
        package("one 1", &[]),
        package("two 1", &[]),
        package("other 1", &["Conflicts: one"]),
    ];
    Fixture::new(&archive).compare(&[asks("web", "app")]).we_carry(&["app 1", "left 1", "other 1", "right 1", "two 1"]);
}

#[test]
fn each_profile_adds_what_it_lacks() {
    let archive = [package("app 1", &["Depends: lib (>= 2), tool"]), package("lib 2", &[]), package("tool 1", &[])];
    let fixture = Fixture::new(&archive);
    let universe = fixture.universe();
    let profile = |name: &str, packages: &[String]| Profile::from_status(name, packages.concat().into_bytes()).unwrap();
    let bare = profile("bare", &[installed("lib 3", &[])]);
    let full = profile("full", &[installed("lib 1", &[]), installed("tool 1", &[])]);
    let requests = [asks("web", "app")];
    let carried = |profiles: &[Profile]| names(&universe, &close(&universe, profiles, &requests).unwrap());
    assert_eq!(carried(std::slice::from_ref(&bare)), ["app 1", "tool 1"]);
    assert_eq!(carried(std::slice::from_ref(&full)), ["app 1", "lib 2"]);
    assert_eq!(carried(&[bare, full]), ["app 1", "lib 2", "tool 1"]);
}

#[test]
fn each_component_can_be_installed_without_the_others() {
    let archive = [
        package("app 1", &["Depends: fast | slow"]),
        package("fast 1", &["Conflicts: tuned"]),
        package("slow 1", &[]),
        package("tuner 1", &["Depends: tuned, slow"]),
        package("tuned 1", &[]),
    ];
    let outcome = Fixture::new(&archive).compare(&[asks("web", "app"), asks("os", "tuner")]);
    // Together it is `slow`; the first component alone takes `fast`.
    outcome.we_carry(&["app 1", "fast 1", "slow 1", "tuned 1", "tuner 1"]);
}

#[test]
fn what_is_asked_for_is_carried_also_where_it_is_installed() {
    let archive = [package("app 1", &["Depends: lib"]), package("lib 1", &[])];
    let fixture = Fixture::new(&archive).base(&[installed("app 1", &["Depends: lib"]), installed("lib 1", &[])]);
    fixture.compare(&[asks("web", "app")]).we_carry(&["app 1"]);
}

#[test]
fn it_is_said_why_each_package_is_carried() {
    let archive = [package("app 1", &["Depends: lib"]), package("lib 1", &[])];
    let fixture = Fixture::new(&archive);
    let universe = fixture.universe();
    let closure = close(&universe, &[fixture.profile()], &[asks("web", "app"), asks("shop", "app")]).unwrap();
    let why: Vec<&Why> = closure.packages.iter().map(|chosen| &chosen.why).collect();
    assert_eq!(why[0], &Why::Wanted(vec!["shop".to_owned(), "web".to_owned()]));
    assert_eq!(why[1], &Why::For("app 1 needs it".to_owned()));
    assert_eq!(closure.wanted.len(), 2);
}

#[test]
fn a_relation_that_nobody_can_meet_is_told_as_what_it_is() {
    let archive = [package("app 1", &["Depends: lib (>> )"]), package("lib 1", &[])];
    let text = Fixture::new(&archive).close(&[asks("web", "app")]).unwrap_err();
    assert!(text.ends_with("asks for app, app 1 has a relation that can't be read"), "{text}");

    let archive = [package("app 1", &["Depends: tool:arm64"]), package("tool 1", &[])];
    let outcome = Fixture::new(&archive).compare(&[asks("web", "app")]);
    outcome.is_refused(&["app 1 needs tool:arm64, but the nodes take no packages of arm64", "add `foreign: [arm64]`"]);
}

#[test]
fn what_is_recommended_and_cannot_be_had_is_told() {
    let archive = [
        package("app 1", &["Recommends: extra, gone | nowhere, against"]),
        package("extra 1", &[]),
        package("against 1", &["Conflicts: app"]),
    ];
    let fixture = Fixture::new(&archive);
    let universe = fixture.universe();
    let mut request = asks("web", "app");
    let unmet = |request: &_| close(&universe, &[fixture.profile()], std::slice::from_ref(request)).unwrap().unmet;
    assert!(unmet(&request).is_empty());
    request.recommends = true;
    assert_eq!(unmet(&request), ["app of `web` recommends against", "app of `web` recommends gone | nowhere"]);
}
