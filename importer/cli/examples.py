"""Examples of each command, as its `--help` and its manual page show them.

A test parses every line, so that none names an option that does not exist.
"""

from collections.abc import Mapping, Sequence

EXAMPLES: Mapping[str, Sequence[tuple[str, str]]] = {
    "": (
        ("importer inspect ratings.csv", "Look at a file; this needs no account."),
        ("importer run ratings.csv --to sandbox", "Try an import on a server of your own."),
        ("importer run ratings.csv --to trakt", "Import the file after `importer login trakt`."),
    ),
    "run": (
        ("importer run ratings.csv --to trakt", "Send the file's ratings to Trakt."),
        (
            "importer run letterboxd.zip --to trakt-file --match certain",
            "Write a file to upload; no account, but the index of `importer titles update`.",
        ),
        ("importer run --from trakt --to simkl --dry-run", "Show what a copy would send, and send nothing."),
    ),
    "inspect": (
        ("importer inspect ratings.csv", "Say what the file has."),
        ("importer inspect mine.csv --map Score=rating --scale 0-100", "The same for a table of your own."),
    ),
    "sync": (
        ("importer sync", "Run all jobs once."),
        ("importer sync movies --dry-run", "Show what one of them would send; the account is not read."),
        ("importer sync --list", "List them."),
        ("importer sync --daemon", "Stay, and run each job at its own times."),
    ),
    "doctor": (
        ("importer doctor", "Print versions, names of settings and the last errors."),
        ("importer doctor ratings.csv", "Also what columns a file has, without its rows."),
        ("importer doctor --check", "Fail if the nightly jobs cannot run: a health check."),
    ),
    "export": (("importer export trakt backup.csv", "Keep all ratings of the account in a file."),),
    "plan": (
        ("importer plan ratings.csv --to trakt", "Write ratings.plan.csv, to be read and edited."),
        ("importer run --plan ratings.plan.csv", "Send what it says."),
        ("importer plan ratings.csv --to trakt --mirror", "Also show what a mirror would remove."),
    ),
    "match": (
        ("importer match letterboxd.zip", "Look up its titles, and write a match file."),
        ("importer match netflix.csv --to trakt", "The same with the search of Trakt."),
    ),
    "titles": (
        ("importer titles update --download", "Make the index, or renew it; about 1 GB to download."),
        ("importer titles status", "Say what it has."),
    ),
    "retry": (
        ("importer retry ratings.results.csv", "Send the failed rows again."),
        ("importer retry ratings.results.csv --all", "Also those that you corrected in the file."),
        ("importer retry last", "The same for the newest run."),
    ),
    "undo": (
        ("importer undo last --dry-run", "Show what would be restored."),
        ("importer undo last", "Restore it."),
        ("importer undo --since 20260301", "Undo a run and all after it."),
    ),
    "runs": (("importer runs --limit 10", "List the newest ten."),),
    "show": (
        ("importer show", "Print the rows of the newest run."),
        ("importer show last --status not_found", "Only those that were not found."),
    ),
    "report": (
        ("importer report", "Print the summary of the newest run."),
        ("importer report last --out results.csv", "Also write its results again."),
    ),
    "web": (
        ("importer web", "Open the page in the browser."),
        ("importer web --port 8000 --no-open", "Only print its address."),
        (
            "importer web --listen 0.0.0.0",
            "Show it to other machines, too; needs a password in the settings.",
        ),
    ),
    "prune": (("importer prune --older-than 90d", "Remove what is older, after a question."),),
    "status": (
        ("importer status", "Show the last runs, the next ones of a daemon, and the sign-ins."),
        ("importer status --ask --json", "Also ask how much room is left, for another program."),
    ),
    "fleet": (
        ("importer fleet add accounts.csv", "Add the accounts that the file has."),
        ("importer fleet run", "Import for all that are due."),
        ("importer fleet status", "Show how they stand."),
    ),
    "fleet add": (
        ("importer fleet add accounts.csv", "Add them; a second time replaces their sources and sign-ins."),
        ("importer fleet add accounts.csv --from split", "Give each the rows of its user."),
    ),
    "fleet run": (
        ("importer fleet run", "Import for all that are due, in this process."),
        ("importer fleet run --processes 4", "The same in four processes of this machine."),
    ),
    "fleet serve": (("importer fleet serve --metrics-at 9464", "Stay, and tell Prometheus how it goes."),),
    "fleet worker": (("importer fleet worker tls://scheduler:8786", "Work for a scheduler elsewhere."),),
    "fleet status": (("importer fleet status --json", "Tell another program how the fleet stands."),),
    "fleet results": (
        ("importer fleet results ada --out ada.results.csv", "Write those of the newest run."),
    ),
    "fleet journal": (("importer fleet journal ada --out ada.sqlite3", "Take it out, to look into it."),),
    "fleet split": (
        ("importer fleet split dump.csv --user userId --into split", "Give each user a part of a folder."),
    ),
    "schedule": (("importer schedule --systemd --at 03:00", "Print a service and a timer for every night."),),
    "login": (
        ("importer login trakt", "Sign in."),
        ("importer login trakt --account ada", "Sign in with a second account."),
    ),
    "whoami": (("importer whoami simkl", "Show who is signed in there."),),
    "logout": (("importer logout trakt", "Sign out."),),
    "init": (("importer init", "Write it; a file that exists is left as it is."),),
    "config": (("importer config check", "Say all that is wrong with the settings file."),),
    "notify": (("importer notify test", "Send one to each address of the settings."),),
    "completion": (
        ("importer completion bash", "Print it; ~/.bashrc evaluates it."),
        ("importer completion fish", "The same for fish."),
    ),
    "sandbox": (
        ("importer sandbox", "Start one on a free port."),
        ("importer sandbox --port 8080 --any-title", "On this port, and with every title known."),
    ),
}
"""By command: what to type, and what it does. The first are those of `importer` itself."""
