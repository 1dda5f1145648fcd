//! `WSGIPythonHashSeed random` does not do what it says.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::Server;

pub(super) const CHECK: Check = Check { code: &HASH_SEED_NOT_RANDOM, run };

static HASH_SEED_NOT_RANDOM: Code = Code::warning(
    "hash-seed-not-random",
    "the word `random` switches random hashes off in mod_wsgi 6.1",
    include_str!("hash_seed_not_random.md"),
);

fn run(server: &Server, report: &mut Report) {
    for line in server.lines("WSGIPythonHashSeed").into_iter().filter(|line| line.word(0) == "random") {
        let found = HASH_SEED_NOT_RANDOM.at(line.span, "read as 0");
        report.push(found.help("delete the line: random is the default"));
    }
}
