//! The page in a real browser, in a namespace without a network: nothing is asked for, nothing is refused by the page's own
//! policy, all of it fits a phone, and what is written can be read in light and in dark.

use std::process::Output;

use manifests::fake;
use serde_json::Value;

use crate::inside;
use crate::sample;
use crate::site::Site;

/// Hosts that Chromium asks by itself, whatever the page.
const OF_THE_BROWSER: [&str; 3] = ["google.com", "googleapis.com", "gvt1.com"];

/// A page of the test's own around the report: it measures what is shown, and writes that down for `--dump-dom`.
const AROUND: &str = include_str!("around.html");

/// A browser that has a home of its own.
struct Browser<'a> {
    site: &'a Site,
}

/// What a browser showed.
struct Shown {
    /// What the page around the report measured.
    measured: Value,
    /// What the console of the browser told.
    console: Vec<String>,
    /// The addresses that were asked for.
    asked: Vec<String>,
}

impl Browser<'_> {
    fn run(&self, arguments: &[&str]) -> Output {
        let alone = ["--user", "--map-root-user", "--net", "chromium", "--headless", "--no-sandbox", "--disable-gpu"];
        let quiet = [
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-extensions",
            "--hide-scrollbars",
            "--enable-logging=stderr",
            "--virtual-time-budget=5000",
        ];
        let home = format!("--user-data-dir={}", self.site.path("browser").display());
        let mut command = self.site.command("unshare");
        command.env("HOME", self.site.path("")).args(alone).args(quiet).arg(home).args(arguments);
        let output = command.output().expect("unshare of util-linux runs");
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "chromium {arguments:?} (`make setup` installs it): {told}");
        output
    }

    /// Shows a page within the page that measures, at a width in pixels.
    fn show(&self, page: &str, width: u32, dark: bool) -> Shown {
        self.site.write("around.html", &AROUND.replace("PAGE", page).replace("WIDTH", &width.to_string()));
        let log = self.site.path("log.json");
        let (log_option, scheme) = (format!("--log-net-log={}", log.display()), u8::from(!dark));
        let output = self.run(&[
            "--allow-file-access-from-files",
            &log_option,
            &format!("--blink-settings=preferredColorScheme={scheme}"),
            "--dump-dom",
            &format!("file://{}", self.site.path("around.html").display()),
        ]);
        let dom = String::from_utf8_lossy(&output.stdout);
        let measured = dom.split_once("<pre id=\"measured\">").and_then(|(_, rest)| rest.split_once("</pre>"));
        let measured = measured.unwrap_or_else(|| panic!("nothing was measured: {dom}")).0.replace("&lt;", "<");
        let measured = measured.replace("&gt;", ">").replace("&amp;", "&");
        let told = String::from_utf8_lossy(&output.stderr);
        // Pages of its own tell there too, such as that the machine is slow.
        let of_page = |line: &&str| line.contains(":CONSOLE") && !line.contains("source: chrome://");
        let console = told.lines().filter(of_page).map(str::to_owned).collect();
        let log: Value = serde_json::from_slice(&std::fs::read(log).unwrap()).unwrap();
        let mut asked: Vec<String> = log["events"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|event| event["params"]["url"].as_str())
            .filter(|url| !OF_THE_BROWSER.iter().any(|host| url.split('/').nth(2).is_some_and(|at| at.ends_with(host))))
            .filter(|url| url.starts_with("http"))
            .map(str::to_owned)
            .collect();
        asked.dedup();
        Shown { measured: serde_json::from_str(&measured).unwrap(), console, asked }
    }
}

fn report(site: &Site) {
    inside::with_images(sample::complete("1.4.0"), "3.0.11-1").write(&site.path("platform.tar.zst"));
    inside::with_images(sample::platform("1.3.0"), "3.0.2-1").write(&site.path("old.tar.zst"));
    inside::database(site);
    site.write("allowed_signers", &fake::allowed_signers());
    let look = "--look-inside --database osv";
    site.run(&format!(
        "report platform.tar.zst --trust allowed_signers --base old.tar.zst {look} --output report.html"
    ))
    .ok();
}

#[test]
fn it_asks_for_nothing_and_fits_a_phone_and_can_be_read_in_light_and_dark() {
    let site = Site::new();
    report(&site);
    let browser = Browser { site: &site };
    let mut backgrounds = Vec::new();
    for (width, dark) in [(375, false), (375, true), (1280, false), (1280, true)] {
        let shown = browser.show("report.html", width, dark);
        assert!(shown.asked.is_empty(), "asked for {:?}", shown.asked);
        assert!(shown.console.is_empty(), "the console tells {:?}", shown.console);
        let measured = &shown.measured;
        assert_eq!(measured["width"], width, "{measured}");
        assert_eq!(measured["scrolled"], width, "wider than {width} pixels: {}", measured["widest"]);
        let contrast = measured["contrast"].as_f64().unwrap();
        assert!(contrast >= 4.5, "a text has a contrast of {contrast}: {}", measured["faintest"]);
        backgrounds.push(measured["background"].as_str().unwrap().to_owned());
    }
    assert_eq!((&backgrounds[0], &backgrounds[1]), (&backgrounds[2], &backgrounds[3]));
    assert_ne!(backgrounds[0], backgrounds[1], "light and dark are the same");
}

#[test]
fn it_is_built_as_readers_of_screens_need_it() {
    let site = Site::new();
    report(&site);
    let measured = Browser { site: &site }.show("report.html", 1280, false).measured;
    assert_eq!(measured["lang"], "en");
    assert_eq!(measured["h1"], 1);
    for wrong in ["tablesWithoutCaption", "headersWithoutScope", "imagesWithoutName", "skippedHeadings", "deadLinks"] {
        assert_eq!(measured[wrong], serde_json::json!([]), "{wrong}");
    }
    assert!(measured["tables"].as_u64().unwrap() >= 5, "{measured}");
}

#[test]
fn it_prints() {
    let site = Site::new();
    report(&site);
    let (pdf, page) = (site.path("report.pdf"), site.path("report.html"));
    let browser = Browser { site: &site };
    browser.run(&[&format!("--print-to-pdf={}", pdf.display()), &format!("file://{}", page.display())]);
    let bytes = std::fs::read(pdf).unwrap();
    assert!(bytes.starts_with(b"%PDF-") && bytes.len() > 20_000, "{} bytes", bytes.len());
}

#[test]
fn a_page_that_asks_is_noticed_and_one_that_breaks_its_policy_too() {
    let site = Site::new();
    let asks =
        "<!doctype html><html lang=en><body><img src=http://192.0.2.1/x.png><table width=2000><tr><td>wide</table>";
    site.write("asks.html", asks);
    let browser = Browser { site: &site };
    let shown = browser.show("asks.html", 375, false);
    assert_eq!(shown.asked, ["http://192.0.2.1/x.png"]);
    assert!(shown.measured["scrolled"].as_u64().unwrap() > 375, "{}", shown.measured);
    assert_eq!(shown.measured["imagesWithoutName"].as_array().unwrap().len(), 1);
    let policy = "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'\">";
    site.write("asks.html", &asks.replace("<body>", &format!("{policy}<body>")));
    let shown = browser.show("asks.html", 375, false);
    assert!(shown.asked.is_empty() && shown.console.len() == 1, "{:?} {:?}", shown.asked, shown.console);
}
