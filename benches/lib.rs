//! The configurations that the benchmarks compile.

/// As `lint_time.py` of the harness makes it: 25 lines for a host.
pub fn hosts(lines: usize) -> String {
    let head = "ServerName localhost\nServerRoot /srv\nListen 8080\nErrorLog /srv/error.log\n";
    let hosts = (0..lines / 25).map(host);
    std::iter::once(head.to_owned()).chain(hosts).collect()
}

fn host(number: usize) -> String {
    format!(
        r#"<VirtualHost *:8080>
    ServerName host{number}.example.org
    ServerAlias www.host{number}.example.org
    DocumentRoot "/srv/static"
    # The application of host {number}
    SetEnvIf Request_URI "^/health$" dontlog
    Alias /static/ "/srv/static/"
    WSGIProcessGroup %{{GLOBAL}}
    WSGIApplicationGroup %{{GLOBAL}}
    WSGIScriptAlias /app{number} "/srv/app/app.wsgi"
    <Directory "/srv">
        Options -Indexes +FollowSymLinks
        AllowOverride None
        Require all granted
    </Directory>
    <Location "/private">
        Require ip 127.0.0.1 10.{high}.{low}.0/24
    </Location>
    <IfModule setenvif_module>
        SetEnvIfNoCase User-Agent "bot-{number}" is_bot
    </IfModule>
    LogLevel warn
    Timeout 60
    KeepAlive On
</VirtualHost>
"#,
        high = number / 256 % 256,
        low = number % 256,
    )
}

/// One mistake in every line.
pub fn mistakes(lines: usize) -> String {
    (0..lines).map(|number| format!("WSGIScriptAlais /app{number} /srv/app.wsgi\n")).collect()
}
