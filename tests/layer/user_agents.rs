//! User agents of real clients: each has the kind that its product is mapped to, and its version.

use http::{Request, header::USER_AGENT};
use legacy_http_compat::caller::{
    ClientVersion, Detect, FingerprintKey, Generation, IdentitySignal, SignalDetector, SignalPart,
};

/// User agent, the product that is mapped, and the client's version, if it sends one.
type Sent = (&'static str, &'static str, Option<&'static str>);

// The fixtures of matomo-org/device-detector, `Tests/Parser/Client/fixtures/library.yml`, except the last three, which
// are those of kubernetes/kubernetes (`kubectl -v 8`), aws/aws-sdk-rust (`aws-runtime`) and stripe/stripe-python.
const LIBRARIES: [Sent; 24] = [
    (
        "python-requests/1.2.0 CPython/2.7.3 Linux/3.8.0-33-generic",
        "python-requests",
        Some("1.2.0"),
    ),
    ("python-httpx/0.19.0", "python-httpx", Some("0.19.0")),
    ("Python/3.5 aiohttp/1.0.5", "aiohttp", Some("1.0.5")),
    ("Python-urllib/2.6", "python-urllib", Some("2.6")),
    (
        "Guzzle/3.9.3 curl/7.38.0 PHP/5.6.14-0+deb8u1",
        "Guzzle",
        Some("3.9.3"),
    ),
    (
        "Google-HTTP-Java-Client/1.17.0-rc (gzip)",
        "Google-HTTP-Java-Client",
        Some("1.17.0-rc"),
    ),
    (
        "Java-http-client/11.0.13",
        "Java-http-client",
        Some("11.0.13"),
    ),
    ("Java/1.7.0_51", "Java", None),
    (
        "grpc-java-okhttp/1.32.2",
        "grpc-java-okhttp",
        Some("1.32.2"),
    ),
    (
        "network-okhttp3/3.12.10.301",
        "network-okhttp3",
        Some("3.12.10.301"),
    ),
    ("ReactorNetty/0.9.10.RELEASE", "ReactorNetty", None),
    ("unirest-java/3.1.00", "unirest-java", Some("3.1.00")),
    ("RestSharp/106.2.1.0", "RestSharp", Some("106.2.1.0")),
    ("Faraday v0.9.1", "Faraday", Some("v0.9.1")),
    (
        "rest-client/2.0.2 (linux-gnu x86_64) ruby/2.5.3p105",
        "rest-client",
        Some("2.0.2"),
    ),
    ("Go-http-client/1.1", "Go-http-client", Some("1.1")),
    ("Go 1.1 package http", "Go", Some("1.1")),
    ("req/v3 (https://github.com/imroc/req)", "req", Some("v3")),
    ("Dart/2.16 (dart:io)", "Dart", Some("2.16")),
    (
        "vimeo.php 3.0.8; (http://developer.vimeo.com/api/docs)",
        "vimeo.php",
        Some("3.0.8"),
    ),
    ("axios/1.2.0", "axios", Some("1.2.0")),
    (
        "kubectl/v1.24.3 (darwin/arm64) kubernetes/aef86a9",
        "kubectl",
        Some("v1.24.3"),
    ),
    (
        "aws-sdk-rust/1.3.9 ua/2.1 api/ssooidc/1.88.0 os/windows lang/rust/1.87.0",
        "aws-sdk-rust",
        Some("1.3.9"),
    ),
    (
        "Stripe/v1 PythonBindings/2.35.0",
        "PythonBindings",
        Some("2.35.0"),
    ),
];

// The defaults of OpenAPITools/openapi-generator and swagger-api/swagger-codegen for several languages, as in the sources
// that they generate (`configuration.rs`, `api_client.py`, `ApiClient.java`), and generated clients in library.yml.
const GENERATED: [Sent; 7] = [
    (
        "OpenAPI-Generator/2.0.0/rust",
        "OpenAPI-Generator",
        Some("2.0.0"),
    ),
    (
        "OpenAPI-Generator/1.0.0/python",
        "OpenAPI-Generator",
        Some("1.0.0"),
    ),
    ("OpenAPI-Generator/a6a9569/rust", "OpenAPI-Generator", None),
    (
        "Swagger-Codegen/1.0.0/java",
        "Swagger-Codegen",
        Some("1.0.0"),
    ),
    (
        "azsdk-python-storage-blob/12.23.0 Python/3.12.5 (Windows-2022Server-10.0.20348-SP0)",
        "azsdk-python-storage-blob",
        Some("12.23.0"),
    ),
    (
        "tcms-api/12.9.1/Python 3.11.8 (main, Feb  7 2024, 04:02:05) [GCC 11.4.0]",
        "tcms-api",
        Some("12.9.1"),
    ),
    ("tcms-api/12.7/Java", "tcms-api", Some("12.7")),
];

// library.yml, except: cargo, whose user agent is that of rust-lang/cargo (`cargo --version`), and NuGet's, which is in the
// tests of NuGet/NuGet.Jobs.
const TOOLS: [Sent; 13] = [
    (
        "cargo 1.75.0 (1d8b05cdd 2023-11-20)",
        "cargo",
        Some("1.75.0"),
    ),
    (
        "NuGet Command Line/2.8.50926.602 (Microsoft Windows NT 6.2.9200.0)",
        "Line",
        Some("2.8.50926.602"),
    ),
    (
        "curl/7.21.0 (i386-redhat-linux-gnu) libcurl/7.21.0 NSS/3.12.10.0 zlib/1.2.5",
        "curl",
        Some("7.21.0"),
    ),
    ("Wget/1.10+devel", "Wget", Some("1.10+devel")),
    ("Wget/1.11.4 Red Hat modified", "Wget", Some("1.11.4")),
    ("Wget/ (linux-gnu)", "Wget", None),
    ("HTTPie/1.0.2", "HTTPie", Some("1.0.2")),
    ("PostmanRuntime/7.9.1", "PostmanRuntime", Some("7.9.1")),
    ("insomnia/2022.6.0", "insomnia", Some("2022.6.0")),
    ("Helm/3.9.2", "Helm", Some("3.9.2")),
    (
        "containerd/v1.4.13-k3s1",
        "containerd",
        Some("v1.4.13-k3s1"),
    ),
    ("Artifactory/7.21.5 72105900", "Artifactory", Some("7.21.5")),
    ("BSRPC 0.9.1", "BSRPC", Some("0.9.1")),
];

// The fixtures of matomo-org/device-detector, `Tests/Parser/Client/fixtures/mobile_app.yml`. The number before
// `CFNetwork` is the app's build number (`CFBundleVersion`).
const MOBILE: [Sent; 20] = [
    (
        "Pulse/4.0.5 (iPhone; iOS 7.0.6; Scale/2.00)",
        "Pulse",
        Some("4.0.5"),
    ),
    (
        "Pinterest/3.3.3 CFNetwork/609.1.4 Darwin/13.0.0",
        "Pinterest",
        Some("3.3.3"),
    ),
    (
        "Instacast/5.0a8 CFNetwork/711.1.11 Darwin/13.4.0",
        "Instacast",
        None,
    ),
    (
        "Castro/64 CFNetwork/672.1.15 Darwin/14.0.0",
        "Castro",
        Some("64"),
    ),
    ("Siri/1 CFNetwork/1128.0.1 Darwin/19.6.0", "Siri", Some("1")),
    (
        "Twitter/7.57 CFNetwork/978.0.7 Darwin/18.7.0",
        "Twitter",
        Some("7.57"),
    ),
    (
        "whisper/201807171247 CFNetwork/901.1 Darwin/17.6.0",
        "whisper",
        Some("201807171247"),
    ),
    (
        "Covenant%20Eyes/5.3.8.0 CFNetwork/1121.2.2 Darwin/19.3.0",
        "Covenant%20Eyes",
        Some("5.3.8.0"),
    ),
    (
        "HP%20Smart/519 CFNetwork/894 Darwin/17.4.0",
        "HP%20Smart",
        Some("519"),
    ),
    (
        "Instapaper/7.8.3.3; CFNetwork/1128.0.1; Darwin/19.6.0",
        "Instapaper",
        Some("7.8.3.3"),
    ),
    (
        "Shifty Jelly Pocket Casts, Android v4.4.3.1",
        "Android",
        Some("v4.4.3.1"),
    ),
    ("AntennaPod/0.9.9.1", "AntennaPod", Some("0.9.9.1")),
    ("AntennaPod/", "AntennaPod", None),
    ("RSSRadio/9220 (iPad;iOS;12.3.1)", "RSSRadio", Some("9220")),
    (
        "Dalvik/2.1.0 (Linux; U; Android 6.0.1; MI 4LTE MIUI/V7.3.2.0.MXDCNDD) NewsArticle/5.1.3",
        "NewsArticle",
        Some("5.1.3"),
    ),
    (
        "com.douban.group/2.2.0(220) Mozilla/5.0 (Linux; U; Android 4.1.1; zh-cn; MI 2A Build/JRO03L) AppleWebKit/534.30 (KHTML, like Gecko)",
        "com.douban.group",
        Some("2.2.0"),
    ),
    (
        "com.google.GoogleMobile/23.1.0 iPhone/11.4.1 hw/iPhone6_2",
        "com.google.GoogleMobile",
        Some("23.1.0"),
    ),
    (
        "Mozilla/5.0 (Linux; U; Android 2.3.4; ru-ru; WT19i Build/4.0.2.A.0.58) AppleWebKit/533.1 (KHTML, like Gecko) Version/4.0 Mobile Safari/533.1 Flipboard/2.1.2/854,2.1.2.854,2013-12-05 11:59, +0300",
        "Flipboard",
        Some("2.1.2"),
    ),
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 11_0 like Mac OS X) AppleWebKit/604.2.10 (KHTML, like Gecko) Mobile/15A372 Twitter for iPhone/7.52",
        "iPhone",
        Some("7.52"),
    ),
    (
        "Mozilla/5.0 (Linux; Android 6.0.1; ASUS_Z011D Build/MMB29P; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/67.0.3396.87 Mobile Safari/537.36 Instagram 53.0.0.13.84 Android (23/6.0.1; 480dpi)",
        "Instagram",
        None,
    ),
];

// mobile_app.yml, which has desktop clients too, except Visual Studio Code's, which is that of Electron in
// microsoft/vscode.
const DESKTOP: [Sent; 9] = [
    (
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_13_6) AppleWebKit/537.36 (KHTML, like Gecko) Rocket.Chat/2.17.11 Chrome/78.0.3904.130 Electron/7.1.14 Safari/537.36",
        "Rocket.Chat",
        Some("2.17.11"),
    ),
    (
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Rocket.Chat+/2.9.0 Chrome/58.0.3029.110 Electron/1.7.6 Safari/537.36",
        "Rocket.Chat+",
        Some("2.9.0"),
    ),
    (
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Code/1.89.1 Chrome/120.0.6099.291 Electron/28.2.8 Safari/537.36",
        "Code",
        Some("1.89.1"),
    ),
    (
        "Mozilla/5.0 (Windows NT 6.2; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/57.0.2987.133 Safari/537.36 TBC/1.1.0.28 Thunder/10.1.31.740",
        "Thunder",
        Some("10.1.31.740"),
    ),
    (
        "Word/15.22.506 (Mac OS/10.11.5; Desktop; en-US; NonAppStore; Apple/MacBookAir7,1)",
        "Word",
        Some("15.22.506"),
    ),
    (
        "Microsoft Office PowerPoint/15.29.1215 (Mac OS/10.11.5; Desktop; en-US; NonAppStore; Apple/MacBookAir7,2)",
        "PowerPoint",
        Some("15.29.1215"),
    ),
    (
        "Microsoft Office OneNote/16.43/201106 (iOS/14.0.1; Tablet; es-MX; AppStore; Apple/iPad11,6)",
        "OneNote",
        Some("16.43"),
    ),
    (
        "OC/16.0.13231.20390 (Skype for Business)",
        "OC",
        Some("16.0.13231.20390"),
    ),
    (
        "1PasswordThumbs/1 CFNetwork/596.5 Darwin/12.5.0 (x86_64) (MacBookAir4%2C1)",
        "1PasswordThumbs",
        Some("1"),
    ),
];

const GROUPS: [(&str, &[Sent]); 5] = [
    ("LIBRARY", &LIBRARIES),
    ("GENERATED", &GENERATED),
    ("TOOL", &TOOLS),
    ("MOBILE", &MOBILE),
    ("DESKTOP", &DESKTOP),
];

/// A detector for a single product, as of an API with one client.
fn detector(product: &str, kind: &str) -> SignalDetector {
    SignalDetector::builder(["LIBRARY", "GENERATED", "TOOL", "MOBILE", "DESKTOP"])
        .kind_products([(product, kind)])
        .target_since(kind, "0")
        .identity(IdentitySignal::all_of([
            SignalPart::header("x-host"),
            SignalPart::ProductName,
        ]))
        .build(&FingerprintKey::new([7; 16]))
        .unwrap()
}

#[test]
fn clients_in_the_field_have_a_kind_a_version_and_an_identity() {
    for (kind, sent) in GROUPS {
        for (user_agent, product, version) in sent {
            let detector = detector(product, kind);
            let request = Request::builder()
                .header(USER_AGENT, *user_agent)
                .header("x-host", "h");
            let caller = detector.detect(&request.body(()).unwrap().into_parts().0);
            let generation = match version {
                Some(_) => Generation::Target,
                None => Generation::Legacy,
            };
            assert_eq!(caller.generation(), generation, "{user_agent}");
            let seen = caller.version();
            let seen = seen.as_ref().map(ClientVersion::as_str);
            assert_eq!(detector.kinds().name(caller.kind()), kind, "{user_agent}");
            assert_eq!(seen, *version, "{user_agent}");
            assert!(caller.fingerprint().is_some(), "{user_agent}");
        }
    }
}
