//! Transfers: curl's options, nc over UDP and as a listener, and iperf3.

use crate::bed::{Bed, Instance, tcp};
use expect_test::{Expect, expect};
use weir_fabric::{HostName, Output, ServiceAnswer};
use weir_model::Tags;
use weir_model::endpoint::{NewEndpoint, NewKind};
use weir_model::group::Direction;
use weir_model::protocol::{PortRange, Protocol, Traffic};

#[track_caller]
fn check(output: &Output, expected: Expect) {
    let text = format!("{}{}exit {}", output.stdout, output.stderr, output.exit_code.unwrap_or(-1));
    expected.assert_eq(&text.replace('\r', ""));
}

/// A client and a server with this user data, in a group that lets everything in.
fn pair(bed: &mut Bed, user_data: &str) -> (Instance, Instance) {
    let site = bed.site("10.1.0.0/24");
    bed.allow(&site, Traffic::All);
    (bed.instance(&site), bed.instance_with(&site, Some(user_data)))
}

#[test]
fn curl_tells_of_the_exchange() {
    let mut bed = Bed::new(1);
    let (client, server) = pair(&mut bed, "#weir listen tcp/80 http status=404 Nothing here");
    let run = |bed: &mut Bed, options: &str| {
        bed.run(client.name(), &format!("curl {options} {}/x", server.private))
    };
    check(
        &run(&mut bed, "-v -s"),
        expect![[r#"
            Nothing here
            *   Trying 10.1.0.5:80...
            * Connected to 10.1.0.5 (10.1.0.5) port 80
            > GET /x HTTP/1.1
            > Host: 10.1.0.5
            > User-Agent: curl/8.5.0
            > Accept: */*
            > 
            < HTTP/1.1 404 Not Found
            < Content-Type: text/plain
            < Content-Length: 13
            < Connection: close
            < 
            * Closing connection
            exit 0"#]],
    );
    let failed = run(&mut bed, "-s -v -f -o /dev/null").stderr;
    assert!(
        failed.ends_with("\n< \n* The requested URL returned error: 404\n* Closing connection\n"),
        "{failed}"
    );
    let refused = bed.run(client.name(), &format!("curl -v {}:81/", server.private));
    let lines: Vec<&str> = refused.stderr.lines().collect();
    let [trying, failed, rest @ ..] = &lines[..] else { panic!("{lines:?}") };
    assert_eq!(*trying, "*   Trying 10.1.0.5:81...");
    let port = failed.strip_prefix("* connect to 10.1.0.5 port 81 from 10.1.0.4 port ");
    let port = port.and_then(|rest| rest.strip_suffix(" failed: Connection refused"));
    assert!(port.is_some_and(|port| port.parse::<u16>().is_ok_and(|port| port > 0)), "{failed}");
    let why = "Failed to connect to 10.1.0.5 port 81 after 0 ms: Couldn't connect to server";
    assert_eq!(rest, [format!("* {why}"), "* Closing connection".into(), format!("curl: (7) {why}")]);
    check(
        &run(&mut bed, "-s -I"),
        expect![[r#"
            HTTP/1.1 404 Not Found
            Content-Type: text/plain
            Content-Length: 13
            Connection: close

            exit 0"#]],
    );
    check(
        &run(&mut bed, "-s -o /dev/null -w %{http_code}:%{size_download}:%{remote_ip}"),
        expect!["404:13:10.1.0.5exit 0"],
    );
    check(
        &run(&mut bed, "-f"),
        expect![[r#"
            curl: (22) The requested URL returned error: 404
            exit 22"#]],
    );
}

#[test]
fn curl_takes_what_is_no_http_for_http_0_9() {
    let mut bed = Bed::new(1);
    let (client, server) = pair(&mut bed, "#weir listen tcp/7 echo");
    for port in [7, 22] {
        check(
            &bed.run(client.name(), &format!("curl {}:{port}", server.private)),
            expect![[r#"
                curl: (1) Received HTTP/0.9 when not allowed
                exit 1"#]],
        );
    }
}

/// Runs a script to its end on a host; what it asks of S3 through a gateway endpoint is answered with this body.
fn run_with_s3(bed: &mut Bed, host: HostName, script: &str, body: &str) -> Output {
    let argv = ["sh", "-c", script].map(str::to_owned);
    let id = bed.fabric.exec(host, &argv).expect("it starts");
    let mut output = Output::default();
    while output.exit_code.is_none() {
        for request in bed.fabric.take_service_requests() {
            let answer = ServiceAnswer { status: 200, headers: Vec::new(), body: body.as_bytes().to_vec() };
            bed.fabric.answer_service(&request, &answer);
        }
        let part = bed.fabric.poll(id).expect("it is known");
        output.stdout.push_str(&part.stdout);
        output.stderr.push_str(&part.stderr);
        output.exit_code = part.exit_code;
        let next = bed.fabric.next_event();
        next.into_iter().for_each(|next| bed.fabric.step(next));
    }
    output
}

// A program prints what comes as it comes: bodies go on however long they are.
#[test]
fn curl_passes_on_a_body_of_any_length() {
    let mut bed = Bed::new(1);
    let site = bed.site("10.1.0.0/24");
    let service = "com.amazonaws.us-east-1.s3".to_owned();
    let kind = NewKind::Gateway(vec![site.table]);
    let new = NewEndpoint { vpc: site.vpc, service, kind, policy: None, tags: Tags::new() };
    bed.command(|network, cx| network.create_endpoint(cx, new));
    let client = bed.instance(&site).name();
    let body = "0123456789abcdé\t".repeat(200_000);
    assert!(body.len() > 3 << 20);
    let url = "http://s3.us-east-1.amazonaws.com/b/k";
    let rows = [
        (format!("curl -s {url} | wc -c"), format!("{}\n", body.len()), 0),
        (format!("curl -s {url} | tr -d '\\t' | wc -m"), format!("{}\n", 200_000 * 15), 0),
        (format!("curl -s {url} | cut -c 1-5"), String::new(), 1),
        (format!("curl -s -o /dev/null -w %{{size_download}} {url}"), body.len().to_string(), 0),
        (format!("curl -s {url} | head -c 5"), "01234".to_owned(), 0),
        (format!("curl -s {url} | (sleep 2; wc -c)"), format!("{}\n", body.len()), 0),
    ];
    for (script, expected, code) in rows {
        let output = run_with_s3(&mut bed, client, &script, &body);
        assert_eq!((output.stdout, output.exit_code), (expected, Some(code)), "{script}: {}", output.stderr);
    }
    let output = run_with_s3(&mut bed, client, &format!("curl -m 0.05 -o /dev/null {url}"), &body);
    let text = format!("out of {} bytes received\n", body.len());
    assert!(output.stderr.ends_with(&text), "{output:?}");
    assert_eq!(output.exit_code, Some(28));
    let whole = run_with_s3(&mut bed, client, &format!("curl -s {url}"), &body);
    assert_eq!((whole.stdout.len(), whole.exit_code), (body.len(), Some(0)), "who reads it gets all of it");
}

#[test]
fn curl_follows_redirects_if_told() {
    let mut bed = Bed::new(1);
    let services = "#weir listen tcp/80 http Hello\n\
                    #weir listen tcp/81 http status=302 location=http://10.1.0.5/x There\n\
                    #weir listen tcp/82 http status=301 location=/ Round\n";
    let (client, server) = pair(&mut bed, services);
    let end = "-w %{http_code}:%{num_redirects}:%{num_connects}";
    let run = |bed: &mut Bed, options: &str, port: u16| {
        bed.run(client.name(), &format!("curl -s {options} {end} {}:{port}", server.private))
    };
    check(
        &run(&mut bed, "", 81),
        expect![[r#"
        There
        302:0:1exit 0"#]],
    );
    check(
        &run(&mut bed, "-L", 81),
        expect![[r#"
        Hello
        200:1:2exit 0"#]],
    );
    let posted = run(&mut bed, "-vL -d a=b", 81).stderr;
    assert!(posted.contains("> POST / HTTP") && posted.contains("> GET /x HTTP"), "{posted}");
    check(
        &run(&mut bed, "-SL", 82),
        expect![[r#"
            301:51:51curl: (47) Maximum (50) redirects followed
            exit 47"#]],
    );
}

// curl(1): the limit is one of each connection.
#[test]
fn curl_connects_anew_after_a_redirect_and_has_as_long_for_it() {
    let mut bed = Bed::new(1);
    let services = "#weir listen tcp/80 http Hello\n\
                    #weir listen tcp/81 http status=302 location=http://10.1.0.5/ delay=5s There\n\
                    #weir listen tcp/82 http status=302 location=http://10.1.0.77/ delay=5s There\n";
    let (client, server) = pair(&mut bed, services);
    let run = |bed: &mut Bed, options: &str, port: u16| {
        bed.run(client.name(), &format!("curl -sSL {options} {}:{port}", server.private))
    };
    check(
        &run(&mut bed, "--connect-timeout 3", 81),
        expect![[r#"
            Hello
            exit 0"#]],
    );
    check(
        &run(&mut bed, "--connect-timeout 3", 82),
        expect![[r#"
            curl: (28) Failed to connect to 10.1.0.77 port 80 after 3000 ms: Timeout was reached
            exit 28"#]],
    );
    let late = run(&mut bed, "--connect-timeout 3 -m 6", 82).stderr;
    assert!(late.contains("10.1.0.77 port 80 after 99"), "{late}");
}

#[test]
fn curl_puts_data_into_the_url_once() {
    let mut bed = Bed::new(1);
    let services = "#weir listen tcp/80 http Hello\n\
                    #weir listen tcp/81 http status=307 location=http://10.1.0.5/x There\n\
                    #weir listen tcp/82 http status=308 location=http://10.1.0.5/x?c There\n";
    let (client, server) = pair(&mut bed, services);
    for (port, expected) in [(81, ["/?a=b", "/x"]), (82, ["/?a=b", "/x?c"])] {
        let line = format!("curl -svGL -d a=b -w %{{url}} {}:{port}", server.private);
        let output = bed.run(client.name(), &line);
        let asked = output.stderr.lines().filter_map(|line| line.strip_prefix("> GET "));
        let asked: Vec<&str> = asked.filter_map(|line| line.strip_suffix(" HTTP/1.1")).collect();
        assert_eq!(asked, expected, "{output:?}");
        assert_eq!(output.stdout, format!("Hello\nhttp://10.1.0.5{}", expected[1]));
    }
}

// As curl 8.5 prints them.
#[test]
fn curl_writes_what_is_no_variable_as_it_is() {
    let mut bed = Bed::new(1);
    let (client, server) = pair(&mut bed, "#weir listen tcp/80 http Hello");
    let rows = [
        ("100%% %{http_code}%", "100% 200%"),
        ("%%{http_code} %x", "%{http_code} %x"),
        ("ok %{http_code", "ok %{http_code"),
        ("é%{é}\\n", "é\n"),
    ];
    for (format, expected) in rows {
        let output = bed.run_words(
            client.name(),
            &["curl", "-s", "-o", "/dev/null", "-w", format, &server.private.to_string()],
        );
        assert_eq!(output.stdout, expected, "{output:?}");
        let complaint = "curl: unknown --write-out variable: 'é'\n";
        assert_eq!(output.stderr, if format.contains("%{é") { complaint } else { "" });
    }
}

#[test]
fn curl_tries_again_what_may_pass() {
    let mut bed = Bed::new(1);
    let (client, server) = pair(&mut bed, "#weir listen tcp/80 http status=503 Busy");
    check(
        &bed.run(
            client.name(),
            &format!("curl --retry 2 -o /dev/null -w %{{num_connects}} {}", server.private),
        ),
        expect![[r#"
            3Warning: Problem: HTTP error. Will retry in 1 second. 2 retries left.
            Warning: Problem: HTTP error. Will retry in 2 seconds. 1 retry left.
            exit 0"#]],
    );
    let line = format!("curl --retry 3 {}:81", server.private);
    assert_eq!(bed.run(client.name(), &line).stderr.matches("Will retry").count(), 0);
    let line = format!("curl --retry 1 --retry-delay 5 --retry-connrefused {}:81", server.private);
    check(
        &bed.run(client.name(), &line),
        expect![[r#"
            curl: (7) Failed to connect to 10.1.0.5 port 81 after 0 ms: Couldn't connect to server
            Warning: Problem: connection refused. Will retry in 5 seconds. 1 retry left.
            curl: (7) Failed to connect to 10.1.0.5 port 81 after 0 ms: Couldn't connect to server
            exit 7"#]],
    );
}

#[test]
fn curl_fetches_several_urls_and_ends_as_the_last() {
    let mut bed = Bed::new(1);
    let (client, server) = pair(&mut bed, "#weir listen tcp/80 http Hello");
    let address = server.private;
    check(
        &bed.run(client.name(), &format!("curl -o /dev/null {address} http://x:y/ {address}:81 {address}")),
        expect![[r#"
            Hello
            curl: (3) URL rejected: Port number was not a decimal number between 0 and 65535
            curl: (7) Failed to connect to 10.1.0.5 port 81 after 0 ms: Couldn't connect to server
            exit 0"#]],
    );
}

#[test]
fn curl_keeps_to_the_family_and_the_own_address_it_is_told() {
    let mut bed = Bed::new(1);
    let (client, server) = pair(&mut bed, "#weir listen tcp/80 http Hello");
    let address = server.private;
    check(
        &bed.run(client.name(), &format!("curl -6 http://{address}/")),
        expect![[r#"
            curl: (7) Failed to connect to 10.1.0.5 port 80 after 0 ms: Couldn't connect to server
            exit 7"#]],
    );
    assert_eq!(bed.run(client.name(), "curl -6 http://example.com/").exit_code, Some(6));
    for own in ["10.1.0.4", "ens5"] {
        let output = bed.run(client.name(), &format!("curl --interface {own} -s -w %{{local_ip}} {address}"));
        assert_eq!(output.stdout, "Hello\n10.1.0.4");
    }
    assert_eq!(bed.run(client.name(), &format!("curl --interface 10.1.0.9 {address}")).exit_code, Some(45));
}

#[test]
fn a_slow_answer_times_out() {
    let mut bed = Bed::new(1);
    let (client, server) = pair(&mut bed, "#weir listen tcp/80 http delay=1500ms Late");
    check(
        &bed.run(client.name(), &format!("curl -m 1 {}", server.private)),
        expect![[r#"
            curl: (28) Operation timed out after 1000 milliseconds with 0 bytes received
            exit 28"#]],
    );
    check(
        &bed.run(client.name(), &format!("curl -s -w %{{time_total}} {}", server.private)),
        expect![[r#"
            Late
            1.500414exit 0"#]],
    );
}

#[test]
fn a_service_that_closes_without_a_word_is_an_empty_reply() {
    let mut bed = Bed::new(1);
    let site = bed.site("10.1.0.0/24");
    bed.allow(&site, tcp(9000));
    let (client, server) = (bed.instance(&site), bed.instance(&site));
    let argv = ["nc", "-l", "9000"].map(str::to_owned);
    let listener = bed.fabric.exec(server.name(), &argv).expect("it runs");
    let request = bed.fabric.exec(client.name(), &["curl".to_owned(), format!("{}:9000", server.private)]);
    let request = request.expect("it runs");
    bed.pass(1);
    // What came is printed, and Ctrl-C on the server closes.
    let heard = bed.fabric.poll(listener).expect("the command is known");
    assert!(heard.stdout.starts_with("GET / HTTP/1.1\r\nHost: 10.1.0.5:9000\r\n"), "{heard:?}");
    bed.fabric.interrupt(listener);
    bed.pass(1);
    let output = bed.fabric.poll(request).expect("the command is known");
    check(
        &output,
        expect![[r#"
            curl: (52) Empty reply from server
            exit 52"#]],
    );
}

#[test]
fn nc_probes_udp_ports() {
    let mut bed = Bed::new(1);
    let (client, server) = pair(&mut bed, "#weir listen udp/7 echo");
    check(
        &bed.run(client.name(), &format!("nc -zvu {} 7", server.private)),
        expect![[r#"
            Ncat: Version 7.93 ( https://nmap.org/ncat )
            Ncat: Connected to 10.1.0.5:7.
            Ncat: UDP packet sent successfully
            Ncat: 1 bytes sent, 1 bytes received in 2.00 seconds.
            exit 0"#]],
    );
    check(
        &bed.run(client.name(), &format!("nc -zvu {} 8", server.private)),
        expect![[r#"
            Ncat: Version 7.93 ( https://nmap.org/ncat )
            Ncat: Connected to 10.1.0.5:8.
            Ncat: Connection refused.
            exit 1"#]],
    );
}

#[test]
fn a_port_can_be_listened_on_once() {
    let mut bed = Bed::new(1);
    let (_, server) = pair(&mut bed, "");
    check(
        &bed.run(server.name(), "nc -l 22"),
        expect![[r#"
            Ncat: bind to 0.0.0.0:22: Address already in use. QUITTING.
            exit 2"#]],
    );
}

#[test]
fn iperf3_measures_tcp() {
    let mut bed = Bed::new(1);
    let (client, server) = pair(&mut bed, "#weir listen tcp/5201 iperf3");
    check(
        &bed.run(client.name(), &format!("iperf3 -c {} -t 2 -b 8M", server.private)),
        expect![[r#"
            Connecting to host 10.1.0.5, port 5201
            [  5] local 10.1.0.4 port 52889 connected to 10.1.0.5 port 5201
            [ ID] Interval           Transfer     Bitrate         Retr  Cwnd
            [  5]   0.00-1.00   sec   978 KBytes  8.01 Mbits/sec    0   16.0 KBytes       
            [  5]   1.00-2.00   sec   977 KBytes  8.00 Mbits/sec    0   16.0 KBytes       
            - - - - - - - - - - - - - - - - - - - - - - - - -
            [ ID] Interval           Transfer     Bitrate         Retr
            [  5]   0.00-2.00   sec  1.91 MBytes  8.01 Mbits/sec    0             sender
            [  5]   0.00-2.01   sec  1.90 MBytes  7.95 Mbits/sec                  receiver

            iperf Done.
            exit 0"#]],
    );
    check(
        &bed.run(client.name(), &format!("iperf3 -c {} -n 100K -P 2", server.private)),
        expect![[r#"
            Connecting to host 10.1.0.5, port 5201
            [  5] local 10.1.0.4 port 52891 connected to 10.1.0.5 port 5201
            [  7] local 10.1.0.4 port 52892 connected to 10.1.0.5 port 5201
            [ ID] Interval           Transfer     Bitrate         Retr  Cwnd
            [  5]   0.00-0.00   sec  50.0 KBytes   638 Mbits/sec    0   16.0 KBytes       
            [  7]   0.00-0.00   sec  50.0 KBytes   638 Mbits/sec    0   16.0 KBytes       
            [SUM]   0.00-0.00   sec   100 KBytes  1.28 Gbits/sec    0             
            - - - - - - - - - - - - - - - - - - - - - - - - -
            [ ID] Interval           Transfer     Bitrate         Retr
            [  5]   0.00-0.00   sec  50.0 KBytes   638 Mbits/sec    0             sender
            [  5]   0.00-0.01   sec  50.0 KBytes  37.9 Mbits/sec                  receiver
            [  7]   0.00-0.00   sec  50.0 KBytes   638 Mbits/sec    0             sender
            [  7]   0.00-0.01   sec  48.0 KBytes  36.4 Mbits/sec                  receiver
            [SUM]   0.00-0.00   sec   100 KBytes  1.28 Gbits/sec    0             sender
            [SUM]   0.00-0.01   sec  98.0 KBytes  74.3 Mbits/sec                  receiver

            iperf Done.
            exit 0"#]],
    );
}

#[test]
fn iperf3_in_reverse_has_the_server_send() {
    let mut bed = Bed::new(1);
    let (client, server) = pair(&mut bed, "#weir listen tcp/5201 iperf3");
    let output = bed.run(client.name(), &format!("iperf3 -c {} -R -n 4M", server.private));
    let came = bed.fabric.traffic(client.name()).expect("a running host").received.bytes;
    assert!(came > 4 << 20, "{came}");
    check(
        &output,
        expect![[r#"
        Connecting to host 10.1.0.5, port 5201
        Reverse mode, remote host 10.1.0.5 is sending
        [  5] local 10.1.0.4 port 52889 connected to 10.1.0.5 port 5201
        [ ID] Interval           Transfer     Bitrate
        [  5]   0.00-0.06   sec  4.00 MBytes   527 Mbits/sec                  
        - - - - - - - - - - - - - - - - - - - - - - - - -
        [ ID] Interval           Transfer     Bitrate         Retr
        [  5]   0.00-0.07   sec  4.00 MBytes   455 Mbits/sec    0             sender
        [  5]   0.00-0.06   sec  4.00 MBytes   527 Mbits/sec                  receiver

        iperf Done.
        exit 0"#]],
    );
    check(
        &bed.run(client.name(), &format!("iperf3 -c {} -R -u", server.private)),
        expect![[r#"
            iperf3: parameter error - -R with -u or -b is not implemented by weir
            exit 1"#]],
    );
    let two = bed.run(client.name(), &format!("iperf3 -c {} -R -t 1 -P 2", server.private));
    assert!(two.stdout.contains("[SUM]   0.00-1.00") && two.exit_code == Some(0), "{two:?}");
}

#[test]
fn iperf3_measures_udp_and_what_is_lost() {
    let mut bed = Bed::new(1);
    let (client, server) = pair(&mut bed, "#weir listen tcp/5201 iperf3");
    check(
        &bed.run(client.name(), &format!("iperf3 -c {} -u -t 2 -b 1M", server.private)),
        expect![[r#"
            Connecting to host 10.1.0.5, port 5201
            [  5] local 10.1.0.4 port 52889 connected to 10.1.0.5 port 5201
            [ ID] Interval           Transfer     Bitrate         Total Datagrams
            [  5]   0.00-1.00   sec   123 KBytes  1.01 Mbits/sec  87  
            [  5]   1.00-2.00   sec   122 KBytes   996 Kbits/sec  86  
            - - - - - - - - - - - - - - - - - - - - - - - - -
            [ ID] Interval           Transfer     Bitrate         Jitter    Lost/Total Datagrams
            [  5]   0.00-2.00   sec   245 KBytes  1.00 Mbits/sec  0.000 ms  0/173 (0%)  sender
            [  5]   0.00-2.01   sec   245 KBytes   997 Kbits/sec  0.007 ms  0/173 (0%)  receiver

            iperf Done.
            exit 0"#]],
    );
}

#[test]
fn iperf3_without_a_server_is_refused() {
    let mut bed = Bed::new(1);
    let (client, server) = pair(&mut bed, "");
    check(
        &bed.run(client.name(), &format!("iperf3 -c {}", server.private)),
        expect![[r#"
            iperf3: error - unable to connect to server: Connection refused
            exit 1"#]],
    );
}

#[test]
fn udp_to_a_group_that_refuses_it_is_silent() {
    let mut bed = Bed::new(1);
    let site = bed.site("10.1.0.0/24");
    let (client, server) = (bed.instance(&site), bed.instance(&site));
    let line = format!("nc -zvu {} 8", server.private);
    assert_eq!(bed.run(client.name(), &line).exit_code, Some(0));
    bed.allow(&site, Traffic::Ports(Protocol::UDP, PortRange::new(8, 8).expect("a range")));
    assert_eq!(bed.run(client.name(), &line).exit_code, Some(1));
}

/// Over a path with a smaller MTU than the interface's a stream goes in one piece that counts as the packets it stands for:
/// for the rules, in what hosts count, and in what interfaces saw.
#[test]
fn super_packets_count_as_their_segments() {
    const BYTES: u64 = 300_000;
    let mut bed = Bed::new(1);
    let (client, server) = pair(&mut bed, "#weir listen tcp/9 discard");
    bed.fabric.keep_sent();
    let (command, to) = (format!("head -c {BYTES} /dev/zero"), server.public().to_string());
    let output = bed.run_words(client.name(), &["nc", "-c", &command, &to, "9"]);
    assert_eq!(output.exit_code, Some(0), "{output:?}");
    bed.pass(5);
    let sent: Vec<_> = bed.fabric.take_sent().into_iter().map(|sent| sent.packet).collect();
    assert!(sent.iter().any(|packet| packet.segments > 5), "no super-packet");
    let data: Vec<_> = sent.iter().filter(|packet| packet.segments > 1).collect();
    assert!(data.iter().all(|packet| packet.segment_bytes <= 1500 && packet.bytes > packet.segment_bytes));
    let traffic = |host: &Instance, bed: &Bed| bed.fabric.traffic(host.name()).expect("it runs");
    let (near, far) = (traffic(&client, &bed), traffic(&server, &bed));
    assert!(far.received.packets >= BYTES / 1460, "{far:?}");
    let (mut sightings, mut skipped) = (Vec::new(), Vec::new());
    bed.fabric.close_window(&mut sightings, &mut skipped);
    let seen = |interface, direction| {
        let seen = sightings.iter().filter(|seen| (seen.interface, seen.direction) == (interface, direction));
        seen.fold((0, 0), |(packets, bytes), seen| (packets + seen.packets, bytes + seen.bytes))
    };
    assert_eq!(seen(client.interface, Direction::Egress), (near.sent.packets, near.sent.bytes));
    assert_eq!(seen(server.interface, Direction::Ingress), (far.received.packets, far.received.bytes));
}

// Time passes between the datagrams, whatever rate is asked for.
#[test]
fn iperf3_over_udp_without_a_limit_sends_as_fast_as_a_flow_may() {
    let mut bed = Bed::new(1);
    let (client, server) = pair(&mut bed, "#weir listen tcp/5201 iperf3");
    for rate in ["0", "1000000G"] {
        let line = format!("iperf3 -c {} -u -n 1M -b {rate}", server.private);
        let output = bed.run(client.name(), &line);
        assert_eq!(output.exit_code, Some(0), "{output:?}");
        let sender = output.stdout.lines().find(|line| line.ends_with("sender")).expect("a summary");
        assert!(sender.contains(" 5.00 Gbits/sec"), "{}", output.stdout);
    }
}
