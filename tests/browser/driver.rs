//! A browser without a window, driven over WebDriver's HTTP by chromedriver. Where there is none, tests are skipped.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A page has this long to become ready, on however slow a machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// A window of this size, in pixels.
pub(crate) const SIZE: [u32; 2] = [1400, 1000];

/// A browser with one page.
pub(crate) struct Browser {
    driver: Child,
    session: String,
    agent: ureq::Agent,
    _profile: TempDir,
}

impl Browser {
    /// Starts one, if the programs are there.
    pub(crate) fn start() -> Option<Self> {
        let spawned =
            Command::new("chromedriver").arg("--port=0").stdin(Stdio::null()).stdout(Stdio::piped()).spawn().ok();
        let is_there = Command::new("chromium").arg("--version").stdout(Stdio::null()).status().is_ok();
        let Some(mut driver) = spawned.filter(|_| is_there) else {
            eprintln!("skipped: no browser (Debian's packages chromium and chromium-driver)");
            return None;
        };
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines().map_while(Result::ok);
        let started = lines.find_map(|line| Some(line.split_once("successfully on port ")?.1.to_owned()));
        let port = started.unwrap().trim_end_matches('.').to_owned();
        // Nobody else reads what it says, and it must not wait for that.
        thread::spawn(move || lines.for_each(drop));
        let agent = ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(PATIENCE)).build();
        let profile = TempDir::new().unwrap();
        let mut browser = Self {
            driver,
            session: format!("http://127.0.0.1:{port}/session"),
            agent: agent.into(),
            _profile: profile,
        };
        let args = [
            "--headless".to_owned(),
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--disable-background-networking".to_owned(),
            "--disable-component-update".to_owned(),
            "--no-first-run".to_owned(),
            "--hide-scrollbars".to_owned(),
            format!("--window-size={},{}", SIZE[0], SIZE[1]),
            format!("--user-data-dir={}", browser._profile.path().display()),
        ];
        let options = json!({ "args": args });
        let wanted = json!({ "goog:chromeOptions": options, "goog:loggingPrefs": { "browser": "ALL" } });
        let made = browser.post("", &json!({ "capabilities": { "alwaysMatch": wanted } }));
        let id = made["sessionId"].as_str().unwrap_or_else(|| panic!("no session: {made}")).to_owned();
        browser.session = format!("{}/{id}", browser.session);
        Some(browser)
    }

    fn post(&self, command: &str, body: &Value) -> Value {
        let url = format!("{}{command}", self.session);
        let sent = self.agent.post(&url).header("content-type", "application/json").send(body.to_string());
        Self::value(sent.unwrap().body_mut().with_config().limit(256 << 20).read_to_string().unwrap())
    }

    fn get(&self, command: &str) -> Value {
        let got = self.agent.get(format!("{}{command}", self.session)).call();
        Self::value(got.unwrap().body_mut().with_config().limit(256 << 20).read_to_string().unwrap())
    }

    fn value(text: String) -> Value {
        let mut answer: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        let value = answer["value"].take();
        assert!(value.get("error").is_none(), "{value}");
        value
    }

    /// Opens a file at a fragment, waits until the page says that it is ready, and tells how long that took.
    pub(crate) fn open(&self, file: &Path, fragment: &str) -> Duration {
        // Of one document only the fragment would change.
        self.post("/url", &json!({ "url": "about:blank" }));
        let start = Instant::now();
        self.post("/url", &json!({ "url": format!("file://{}{fragment}", file.display()) }));
        self.wait("return document.documentElement.dataset.ready === 'true'");
        start.elapsed()
    }

    /// Opens a file that has no script, and waits until it is there.
    pub(crate) fn open_still(&self, file: &Path) {
        self.post("/url", &json!({ "url": format!("file://{}", file.display()) }));
        self.wait("return document.readyState === 'complete'");
    }

    /// What a script returns.
    pub(crate) fn script(&self, script: &str) -> Value {
        self.post("/execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// Waits until a script returns true.
    pub(crate) fn wait(&self, script: &str) {
        let start = Instant::now();
        while self.script(script) != true {
            assert!(start.elapsed() < PATIENCE, "{script} is still not true; console: {:?}", self.complaints());
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// All text that is on the page.
    pub(crate) fn text(&self) -> String {
        self.script("return document.body.innerText").as_str().unwrap().to_owned()
    }

    /// The text of an element.
    pub(crate) fn text_of(&self, id: &str) -> String {
        self.script(&format!("return document.getElementById('{id}').textContent")).as_str().unwrap().to_owned()
    }

    /// Warnings and errors on the console since this was last asked.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let log = self.post("/se/log", &json!({ "type": "browser" }));
        let bad = log.as_array().unwrap().iter().filter(|entry| entry["level"] != "INFO" && entry["level"] != "DEBUG");
        bad.map(|entry| entry["message"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Presses and releases keys, one after the other.
    pub(crate) fn press(&self, keys: &str) {
        let up_and_down = keys
            .chars()
            .flat_map(|key| ["keyDown", "keyUp"].map(|what| json!({ "type": what, "value": key.to_string() })));
        let keys = json!({ "type": "key", "id": "keys", "actions": up_and_down.collect::<Vec<Value>>() });
        self.post("/actions", &json!({ "actions": [keys] }));
    }

    /// Clicks at a place of an element, counted from its upper left.
    pub(crate) fn click(&self, id: &str, [x, y]: [f64; 2]) {
        let [left, top] = self.corner(id);
        let (x, y) = ((left + x) as i64, (top + y) as i64);
        let actions = json!([
            { "type": "pointerMove", "duration": 0, "x": x, "y": y },
            { "type": "pointerDown", "button": 0 },
            { "type": "pointerUp", "button": 0 },
        ]);
        self.post("/actions", &json!({ "actions": [{ "type": "pointer", "id": "mouse", "actions": actions }] }));
    }

    /// Turns the wheel at a place of an element.
    pub(crate) fn wheel(&self, id: &str, [x, y]: [f64; 2], by: i32) {
        let [left, top] = self.corner(id);
        let (x, y) = ((left + x) as i64, (top + y) as i64);
        let actions = json!([{ "type": "scroll", "x": x, "y": y, "deltaX": 0, "deltaY": by, "duration": 0 }]);
        self.post("/actions", &json!({ "actions": [{ "type": "wheel", "id": "wheel", "actions": actions }] }));
    }

    fn corner(&self, id: &str) -> [f64; 2] {
        let script =
            format!("const box = document.getElementById('{id}').getBoundingClientRect(); return [box.x, box.y]");
        let corner = self.script(&script);
        [0, 1].map(|n: usize| corner[n].as_f64().unwrap())
    }

    /// What is seen of the page, as PNG.
    pub(crate) fn screenshot(&self) -> Vec<u8> {
        STANDARD.decode(self.get("/screenshot").as_str().unwrap()).unwrap()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.agent.delete(&self.session).call();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// How many colours a picture has, and which share of it has the most frequent one.
pub(crate) fn colours(picture: &[u8]) -> (usize, f64) {
    let mut reader = png::Decoder::new(std::io::Cursor::new(picture)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let frame = reader.next_frame(&mut pixels).unwrap();
    let bytes = frame.color_type.samples();
    let mut counts = std::collections::BTreeMap::<&[u8], usize>::new();
    for pixel in pixels.chunks_exact(bytes) {
        *counts.entry(pixel).or_default() += 1;
    }
    let most = counts.values().max().copied().unwrap_or_default();
    (counts.len(), most as f64 / (pixels.len() / bytes) as f64)
}
