//! A browser, driven over the pipes of Chromium's DevTools protocol: JSON messages that end with a zero byte.

#![allow(dead_code, reason = "every test binary uses its own part")]

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

/// The programs to look for, after the one that `UNLEARN_BROWSER` names.
const PROGRAMS: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Gives the program the ends of our pipes as its files 3 and 4, where it expects them.
const WITH_PIPES: &str = r#"exec "$0" "$@" 3<&0 4>&1 </dev/null >/dev/null 2>&1"#;

/// A screen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Screen {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) touch: bool,
}

/// A desk's screen, with a mouse.
pub(crate) const DESK: Screen = Screen {
    width: 1280,
    height: 900,
    touch: false,
};
/// A phone's screen, with fingers.
pub(crate) const PHONE: Screen = Screen {
    width: 390,
    height: 844,
    touch: true,
};

/// A browser with one page. It ends with this value.
pub(crate) struct Browser {
    child: Child,
    input: ChildStdin,
    messages: Receiver<Value>,
    session: Option<String>,
    sent: u64,
    /// The server that the page came from, if any.
    origin: Option<String>,
    /// What the page did that it must not: errors, and requests for anything but itself.
    faults: Vec<String>,
    _profile: TempDir,
}

/// The browser of this machine, if it has one. If not, says what goes without it, past the test harness,
/// which would swallow the words of a test that passes.
pub(crate) fn program(what: &str) -> Option<String> {
    let named = std::env::var("UNLEARN_BROWSER").ok();
    let is_there = |program: &String| Command::new(program).arg("--version").output().is_ok();
    let programs = named.into_iter().chain(PROGRAMS.map(str::to_owned));
    let found = programs.into_iter().find(is_there);
    if found.is_none() {
        let _ = writeln!(
            std::io::stderr(),
            "NOT TESTED: {what}: there is no Chromium (Debian: apt-get install chromium; `bash \
             tests/run.sh` does so; or name a browser in UNLEARN_BROWSER)"
        );
    }
    found
}

/// Hands on each message until the browser ends.
fn listen(output: ChildStdout) -> Receiver<Value> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut output = BufReader::new(output);
        let mut message = Vec::new();
        while output.read_until(0, &mut message).is_ok_and(|n| n > 0) {
            message.pop();
            let value = serde_json::from_slice(&message);
            if !value.is_ok_and(|value| sender.send(value).is_ok()) {
                return;
            }
            message.clear();
        }
    });
    receiver
}

impl Browser {
    /// Starts it with an empty page.
    pub(crate) fn open(program: &str) -> Self {
        Self::open_with(program, &["--disable-gpu"])
    }

    /// The same, with WebGPU on SwiftShader.
    pub(crate) fn with_webgpu(program: &str) -> Self {
        let adapter = "--use-webgpu-adapter=swiftshader";
        Self::open_with(program, &["--enable-unsafe-webgpu", adapter])
    }

    fn open_with(program: &str, flags: &[&str]) -> Self {
        let profile = TempDir::new().unwrap();
        let folder = format!("--user-data-dir={}", profile.path().display());
        let mut child = Command::new("sh")
            .args(["-c", WITH_PIPES, program, "--remote-debugging-pipe"])
            // The sandbox does not start for root or within most containers, and the page is ours.
            .args(["--headless", "--no-sandbox"])
            .args(flags)
            .args(["--no-first-run", "--disable-background-networking"])
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut browser = Self {
            input: child.stdin.take().unwrap(),
            messages: listen(child.stdout.take().unwrap()),
            child,
            session: None,
            sent: 0,
            origin: None,
            faults: Vec::new(),
            _profile: profile,
        };
        browser.attach();
        browser
    }

    fn attach(&mut self) {
        let target = self.call("Target.createTarget", json!({"url": "about:blank"}));
        let target = json!({"targetId": target["targetId"], "flatten": true});
        let session = self.call("Target.attachToTarget", target);
        self.session = session["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Log", "Network"] {
            self.call(&format!("{domain}.enable"), json!({}));
        }
    }

    /// Sends a command, and waits for its result.
    #[track_caller]
    pub(crate) fn call(&mut self, method: &str, params: Value) -> Value {
        self.sent += 1;
        let mut message = json!({"id": self.sent, "method": method, "params": params});
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        write!(self.input, "{message}\0").unwrap();
        let sent = self.sent;
        let mut answer = self.wait(method, |message| message["id"] == sent);
        assert_eq!(answer["error"], Value::Null, "{method}");
        answer["result"].take()
    }

    /// Waits for a message, and takes note of those before it.
    #[track_caller]
    fn wait(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let end = Instant::now() + PATIENCE;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let message = self.messages.recv_timeout(left);
            let message = message.unwrap_or_else(|e| panic!("{what}: no answer: {e}"));
            let own = self.origin.as_deref();
            self.faults.extend(fault(&message, own));
            if wanted(&message) {
                return message;
            }
        }
    }

    /// Shows a file on a screen.
    #[track_caller]
    pub(crate) fn show(&mut self, page: &Path, screen: Screen) {
        self.visit(&format!("file://{}", page.display()), screen);
    }

    /// Shows what is at an address.
    #[track_caller]
    pub(crate) fn visit(&mut self, url: &str, screen: Screen) {
        self.origin = url.starts_with("http://").then(|| url.to_owned());
        let Screen {
            width,
            height,
            touch,
        } = screen;
        let metrics =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": touch});
        self.call("Emulation.setDeviceMetricsOverride", metrics);
        let touch = json!({ "enabled": touch });
        self.call("Emulation.setTouchEmulationEnabled", touch);
        self.call("Page.navigate", json!({ "url": url }));
        // Not a promise, for where scripts are off none is kept.
        let end = Instant::now() + PATIENCE;
        while self.text("document.readyState") != "complete" {
            assert!(Instant::now() < end, "{url} does not load");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// The value of a JavaScript expression, or what its promise leads to.
    #[track_caller]
    pub(crate) fn value(&mut self, expression: &str) -> Value {
        let params = json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let mut result = self.call("Runtime.evaluate", params);
        let failed = &result["exceptionDetails"];
        assert_eq!(*failed, Value::Null, "{expression:.200}: {failed:#}");
        result["result"]["value"].take()
    }

    /// Waits until an expression is true, which may take minutes.
    #[track_caller]
    pub(crate) fn until(&mut self, expression: &str, most: Duration) {
        let end = Instant::now() + most;
        while self.value(expression) != true {
            assert!(Instant::now() < end, "{expression} never comes true");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// The same, as a text.
    #[track_caller]
    pub(crate) fn text(&mut self, expression: &str) -> String {
        let value = self.value(expression);
        let text = value.as_str().map(str::to_owned);
        text.unwrap_or_else(|| panic!("{expression} is {value}"))
    }

    /// The same, as a number.
    #[track_caller]
    pub(crate) fn number(&mut self, expression: &str) -> f64 {
        let value = self.value(expression);
        value
            .as_f64()
            .unwrap_or_else(|| panic!("{expression} is {value}"))
    }

    /// The same, as numbers.
    #[track_caller]
    pub(crate) fn numbers(&mut self, expression: &str) -> Vec<f64> {
        let value = self.value(expression);
        serde_json::from_value(value).unwrap_or_else(|e| panic!("{expression}: {e}"))
    }

    /// Until the page has shown what it was told.
    pub(crate) fn settle(&mut self) {
        let frames =
            "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))";
        self.value(&format!("{frames}.then(() => 0)"));
    }

    /// The corner and the size of the first element that a selector finds: [left, top, width, height] in the
    /// window, to which it is scrolled.
    #[track_caller]
    pub(crate) fn place(&mut self, selector: &str) -> [f64; 4] {
        let place = self.numbers(&format!(
            "(() => {{ const all = document.querySelector({selector:?}); \
             all.scrollIntoView({{block: 'center'}}); const box = all.getBoundingClientRect(); \
             return [box.left, box.top, box.width, box.height] }})()"
        ));
        place.try_into().unwrap()
    }

    /// Moves the mouse onto an element.
    #[track_caller]
    pub(crate) fn point(&mut self, selector: &str) -> [f64; 2] {
        let [left, top, width, height] = self.place(selector);
        let [x, y] = [left + width / 2.0, top + height / 2.0];
        self.mouse("mouseMoved", [x, y]);
        [x, y]
    }

    /// Clicks an element with the mouse.
    #[track_caller]
    pub(crate) fn click(&mut self, selector: &str) {
        let at = self.point(selector);
        self.mouse("mousePressed", at);
        self.mouse("mouseReleased", at);
        self.settle();
    }

    /// Drags the mouse through points of the window.
    pub(crate) fn drag(&mut self, points: &[[f64; 2]]) {
        self.mouse("mousePressed", points[0]);
        for &point in points {
            self.mouse("mouseMoved", point);
        }
        self.mouse("mouseReleased", points[points.len() - 1]);
        self.settle();
    }

    fn mouse(&mut self, kind: &str, [x, y]: [f64; 2]) {
        let params =
            json!({"type": kind, "x": x, "y": y, "button": "left", "clickCount": 1, "buttons": 1});
        self.call("Input.dispatchMouseEvent", params);
    }

    /// Moves a finger through points of the window.
    pub(crate) fn swipe(&mut self, points: &[[f64; 2]]) {
        let fingers = |&[x, y]: &[f64; 2]| json!([{"x": x, "y": y}]);
        self.touch("touchStart", fingers(&points[0]));
        for point in points {
            self.touch("touchMove", fingers(point));
        }
        self.touch("touchEnd", json!([]));
        self.settle();
    }

    fn touch(&mut self, kind: &str, fingers: Value) {
        let params = json!({"type": kind, "touchPoints": fingers});
        self.call("Input.dispatchTouchEvent", params);
    }

    /// Presses a key.
    pub(crate) fn press(&mut self, key: &str) {
        for kind in ["keyDown", "keyUp"] {
            let params = json!({"type": kind, "key": key, "code": key});
            self.call("Input.dispatchKeyEvent", params);
        }
        self.settle();
    }

    /// What the page did so far that it must not.
    pub(crate) fn faults(&mut self) -> Vec<String> {
        self.settle();
        std::mem::take(&mut self.faults)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Asked politely, it ends its other processes before its profile goes.
        let _ = write!(
            self.input,
            "{}\0",
            json!({"id": 0, "method": "Browser.close"})
        );
        let end = Instant::now() + Duration::from_secs(5);
        while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a message says against a page: an exception, an error in the console, or a request for anything but
/// a file or data of its own, or what is on the server that it came from.
fn fault(message: &Value, origin: Option<&str>) -> Option<String> {
    let params = &message["params"];
    match message["method"].as_str()? {
        "Runtime.exceptionThrown" => Some(params["exceptionDetails"].to_string()),
        "Runtime.consoleAPICalled" if params["type"] != "log" => Some(params["args"].to_string()),
        "Log.entryAdded" => Some(params["entry"].to_string()),
        "Network.requestWillBeSent" => {
            let is_own =
                params["type"] == "Document" && params["request"]["url"] == params["documentURL"];
            let url = params["request"]["url"].as_str().unwrap_or_default();
            let own_server = origin.is_some_and(|origin| url.starts_with(origin));
            let allowed =
                url.starts_with("data:") || own_server || is_own && url.starts_with("file://");
            (!allowed).then(|| format!("a request for {url}"))
        }
        _ => None,
    }
}
