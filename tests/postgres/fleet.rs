//! The example `fleet`: two instances, one cutover.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
};

use crate::{
    cluster::Cluster,
    database::{Database, eventually},
    process::example,
};

/// A running instance, killed when dropped.
struct Instance {
    child: Child,
    url: String,
}

impl Instance {
    fn start(database: &Database, name: &str) -> Self {
        let mut child = Command::new(example("fleet"))
            .args([&database.url(), name, "127.0.0.1:0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut line).unwrap();
        let url = line.trim_end().strip_prefix("listening on ");
        Self {
            url: url.expect(&line).to_owned(),
            child,
        }
    }

    /// The status of the response to a `POST`, and its body.
    fn post(&self, path: &str) -> (u16, String) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let client = reqwest::Client::builder().no_proxy().build().unwrap();
            let response = client.post(format!("{}{path}", self.url)).send();
            let response = response.await.unwrap();
            (response.status().as_u16(), response.text().await.unwrap())
        })
    }

    fn poll(&self) -> u16 {
        self.post("/api/v1/auth/clients/device/poll").0
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        // Fails where it has ended, which is as well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_cutover_at_one_instance_of_the_example_is_applied_by_both() {
    let database = Cluster::shared().empty_database();
    let (a, b) = (
        Instance::start(&database, "a"),
        Instance::start(&database, "b"),
    );
    assert_eq!((a.poll(), b.poll()), (401, 401));
    assert_eq!(a.post("/cutover"), (200, "{\"cutover\":true}".to_owned()));
    assert_eq!(a.poll(), 200);
    eventually("the other instance follows", || b.poll() == 200);
    assert_eq!(
        b.post("/cutover").1,
        "{\"cutover\":false}",
        "there is no second one"
    );
}
