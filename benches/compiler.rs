//! How long the compiler takes, from memory: `make bench-check`.

use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use wsgi_httpd::compiler::diagnostic::Report;
use wsgi_httpd::compiler::diagnostic::render::Style;
use wsgi_httpd::compiler::source::{Memory, Sources, Text};
use wsgi_httpd::compiler::{Compiled, Options, compile, syntax};
use wsgi_httpd_benches::{hosts, mistakes};

const MAIN: &str = "/etc/apache2/httpd.conf";

fn compiled(text: &str) -> Compiled {
    let mut files = Memory::default();
    files.add(MAIN, text);
    compile(&files, Path::new(MAIN), &Options::default()).expect("the main file is there")
}

fn large(criterion: &mut Criterion) {
    let text = hosts(100_000);
    let mut group = criterion.benchmark_group("100,000 lines");
    group.sample_size(10).throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("parse", |bencher| {
        let text = Text::from(text.as_str());
        let source = Sources::default().add(Path::new(MAIN), text.clone(), None);
        bencher.iter(|| syntax::parse(source, black_box(&text), &mut Report::default()));
    });
    group.bench_function("compile", |bencher| bencher.iter(|| compiled(black_box(&text))));
    group.finish();
}

fn ordinary(criterion: &mut Criterion) {
    let text = include_str!("../examples/django/httpd.conf");
    criterion.bench_function("an ordinary host: compile", |bencher| bencher.iter(|| compiled(black_box(text))));
}

fn findings(criterion: &mut Criterion) {
    let found = compiled(&mistakes(10_000));
    let mut group = criterion.benchmark_group("10,000 findings");
    group.sample_size(10);
    group.bench_function("full", |bencher| bencher.iter(|| found.full(Style::PLAIN)));
    group.bench_function("concise", |bencher| bencher.iter(|| found.concise()));
    group.finish();
}

criterion_group!(benches, large, ordinary, findings);
criterion_main!(benches);
