"""A live page of what the databases of this process do: an ASGI application, to be mounted behind a login of yours.

    app = Starlette(routes=[Mount("/databases", Dashboard())])

By alias: pools and who holds connections, slow and repeated queries, who waits for whose locks at the server, how far a
replica is behind. It listens to statements from its first request (or its server's start) on, and shows their text
without values, unless ``values=True`` says otherwise. What this module refuses: every method but GET and HEAD, every
path but its own, and to be reachable where nobody has mounted it.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import threading
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from orm.db.observing.echo import shown_values
from orm.db.observing.repeats import MOST_PLACES, calling_line, counts_of_caller
from orm.db.observing.watched import audience
from orm.db.registry import databases
from orm.errors import Error

if TYPE_CHECKING:
    from orm.db.database_blocking import Database
    from orm.db.observing.watched import QueryRecord

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

STATE = b"state"
"""The query string that asks for the figures instead of the page."""
LONGEST_SHOWN = 2_000
"""Characters of a statement that are shown."""
ASK_WITHIN = 1.0
"""Seconds that a question to a server may take; the page shows what there is without it."""

_own: ContextVar[bool] = ContextVar("orm.dashboard", default=False)
"""Whether a statement is the page's own, which it does not show."""


class Text:
    """One statement's text on one database: how often it ran, and how long it took."""

    __slots__ = ("alias", "count", "failed", "line", "longest", "repeated", "seconds", "sql", "values")

    def __init__(self, alias: str, sql: str) -> None:
        self.alias = alias
        self.sql = sql
        self.count = self.failed = self.repeated = 0
        self.seconds = self.longest = 0.0
        self.line = self.values = ""

    def shown(self) -> dict[str, Any]:
        """Return it as JSON takes it."""
        shown = {name: getattr(self, name) for name in self.__slots__ if name != "values" or self.values}
        if len(self.sql) > LONGEST_SHOWN:  # a bulk insert on SQLite has a mark for each value
            shown["sql"] = f"{self.sql[:LONGEST_SHOWN]}… ({len(self.sql):,} characters)"
        return shown


class Dashboard:
    """The application.

    Parameters:
        values: show the values of the slowest run of each text; they may be secrets.
        keep: how many texts are kept of each database; those that have taken the least time together are forgotten.
        shown: how many of them the page shows, slow ones and repeated ones each.
    """

    def __init__(self, *, values: bool = False, keep: int = 500, shown: int = 20) -> None:
        if keep < 1 or shown < 1:
            raise ValueError(f"Dashboard(keep={keep}, shown={shown}): both are 1 at least.")
        self._values = values
        self._keep = keep
        self._shown = shown
        self._texts: dict[tuple[str, str], Text] = {}
        self._lock = threading.Lock()
        self._listening = False

    # -- listening -------------------------------------------------------------------------------------------------

    def listen(self) -> None:
        """Begin to listen, if nobody has asked for the page yet."""
        if not self._listening:
            self._listening = True
            audience.add(self.note)

    def close(self) -> None:
        """Listen no longer, and forget what was heard."""
        if self._listening:
            self._listening = False
            audience.remove(self.note)
        self._texts.clear()

    def note(self, record: QueryRecord) -> None:
        """Take a statement into account; called in any thread."""
        if _own.get():
            return
        place = calling_line()
        repeated = 1
        if place is not None:
            counts = counts_of_caller()
            if len(counts) >= MOST_PLACES:
                counts.clear()
            key = ("dashboard", record.alias, record.sql, *place[:2])
            counts[key] = repeated = counts.get(key, 0) + 1
        with self._lock:
            text = self._texts.get((record.alias, record.sql))
            if text is None:
                self._make_room(record.alias)
                text = self._texts[record.alias, record.sql] = Text(record.alias, record.sql)
            text.count += 1
            text.failed += record.failed
            text.seconds += record.seconds
            if repeated > text.repeated and place is not None:
                text.repeated, text.line = repeated, f"{place[0]}:{place[1]}"
            if record.seconds >= text.longest:
                text.longest = record.seconds
                if self._values:
                    text.values = shown_values(record)

    def _make_room(self, alias: str) -> None:
        mine = [text for text in self._texts.values() if text.alias == alias]
        if len(mine) >= self._keep:  # a tenth goes, so that this is not done for each new text
            for text in sorted(mine, key=lambda one: one.seconds)[: max(self._keep // 10, 1)]:
                del self._texts[text.alias, text.sql]

    # -- what is shown ---------------------------------------------------------------------------------------------

    async def state(self) -> dict[str, Any]:
        """Return what the page shows."""
        with self._lock:
            texts = list(self._texts.values())
        aliases = list(databases)
        asked = await asyncio.gather(*(self._of(databases[alias], texts) for alias in aliases))
        return {"values": self._values, "databases": dict(zip(aliases, asked, strict=True))}

    async def _of(self, database: Database, texts: Iterable[Text]) -> dict[str, object]:
        mine = [text for text in texts if text.alias == database.alias]
        slow = sorted(mine, key=lambda text: -text.longest)[: self._shown]
        often = sorted((text for text in mine if text.repeated > 1), key=lambda text: -text.repeated)[: self._shown]
        statistics = database.statistics
        return {
            "url": str(database.url),
            "statements": {"awaitable": statistics.awaitable, "blocking": statistics.blocking},
            "pools": [pool._asdict() for pool in statistics.pools],
            "holders": database.holders(),
            "slow": [text.shown() for text in slow],
            "repeated": [text.shown() for text in often],
            "locks": await self._answer(database, database.dialect.lock_waits()),
            "replica": await self._answer(database, database.dialect.replication_state()),
        }

    async def _answer(self, database: Database, question: str | None) -> object:
        """Return the rows that a server answers, what keeps it from answering, or None where there is no question."""
        if question is None:
            return None
        token = _own.set(True)
        try:
            async with asyncio.timeout(ASK_WITHIN):  # the wait for a connection is in it: pools may be exhausted
                rows = await database.fetch(question, ())
        except TimeoutError:
            return f"no answer within {ASK_WITHIN:g} s"
        except Error as error:
            return str(error)
        finally:
            _own.reset(token)
        return [list(row) for row in rows]

    # -- ASGI ------------------------------------------------------------------------------------------------------

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1000})
        else:
            await self._answer_request(scope, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self.listen()
                await send({"type": "lifespan.startup.complete"})
            else:
                self.close()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _answer_request(self, scope: Scope, send: Send) -> None:
        nonce = secrets.token_urlsafe(16)
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        if path not in ("", "/"):
            await respond(send, scope, 404, "text/plain", b"There is nothing here.\n", nonce)
        elif scope["method"] not in ("GET", "HEAD"):
            await respond(send, scope, 405, "text/plain", b"This page is only read.\n", nonce, allow=b"GET, HEAD")
        elif scope.get("query_string", b"").rstrip(b"=") == STATE:
            self.listen()
            body = json.dumps(await self.state(), default=str).encode()
            await respond(send, scope, 200, "application/json", body, nonce)
        else:
            self.listen()
            await respond(send, scope, 200, "text/html; charset=utf-8", PAGE.replace("NONCE", nonce).encode(), nonce)


async def respond(
    send: Send, scope: Scope, status: int, kind: str, body: bytes, nonce: str, allow: bytes = b""
) -> None:
    """Send one answer, which no other site may frame and in which nothing runs that did not come with the page."""
    policy = (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    headers = [
        (b"content-type", kind.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"content-security-policy", policy.encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
        *([(b"allow", allow)] if allow else []),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Databases</title>
<style nonce="NONCE">
  :root { color-scheme: light dark; font: 14px/1.45 system-ui, sans-serif }
  body { margin: 1.5rem auto; max-width: 76rem; padding: 0 1rem }
  h1 { font-size: 1.3rem } h2 { font-size: 1.1rem; margin: 2rem 0 .2rem } h3 { font-size: .95rem; margin: 1rem 0 .2rem }
  table { border-collapse: collapse; width: 100% }
  th, td { border-bottom: 1px solid #8884; padding: .25rem .6rem .25rem 0; text-align: left; vertical-align: top }
  td.number, th.number { font-variant-numeric: tabular-nums; text-align: right }
  code { font: 12px/1.4 ui-monospace, monospace; overflow-wrap: anywhere; white-space: pre-wrap }
  .quiet { opacity: .65 } .bad { color: #c33 }
</style>
<h1>Databases</h1>
<p id="said" class="quiet" role="status">Asking…</p>
<main id="all"></main>
<noscript>This page asks for its figures with a script of its own.</noscript>
<script nonce="NONCE">
"use strict";
// Everything is put into the page as text, never as markup.
const made = (name, text, kind) => {
  const one = document.createElement(name);
  if (text !== undefined && text !== null) one.textContent = String(text);
  if (kind) one.className = kind;
  return one;
};
const ms = seconds => (seconds * 1000).toFixed(seconds < 0.01 ? 2 : 1);
function table(columns, rows) {
  const all = made("table"), head = all.createTHead().insertRow(), body = all.createTBody();
  for (const [title, , kind] of columns) head.append(made("th", title, kind === "number" ? kind : ""));
  for (const row of rows) {
    const line = body.insertRow();
    for (const [, value, kind] of columns) {
      const cell = line.insertCell();
      if (kind === "number") cell.className = kind;
      cell.append(kind === "code" ? made("code", value(row)) : made("span", value(row)));
    }
  }
  return all;
}
function section(into, title, columns, rows, none) {
  into.append(made("h3", title));
  if (typeof rows === "string") into.append(made("p", rows, "bad"));
  else if (!rows || !rows.length) into.append(made("p", none, "quiet"));
  else into.append(table(columns, rows));
}
const number = (title, name) => [title, row => row[name], "number"];
const queries = [
  ["Statement", row => row.sql + (row.values ? "\\n" + row.values : ""), "code"],
  number("Runs", "count"),
  ["Longest, ms", row => ms(row.longest), "number"],
  ["Mean, ms", row => ms(row.seconds / row.count), "number"],
  number("Failed", "failed"),
];
function draw(state) {
  const all = document.createElement("main");
  all.id = "all";
  for (const [alias, one] of Object.entries(state.databases)) {
    const part = made("section");
    part.append(made("h2", alias), made("code", one.url));
    part.append(made("p", `${one.statements.awaitable} awaitable and ${one.statements.blocking} blocking statements`));
    const replica = one.replica;
    if (typeof replica === "string") part.append(made("p", `Replication: ${replica}`, "bad"));
    else if (replica && replica[0] && replica[0][0]) {
      const lag = replica[0][1], behind = lag === null ? "not known how far" : `${lag.toFixed(1)} s`;
      part.append(made("p", `A replica, ${behind} behind`));
    }
    section(part, "Pools", [
      ["Pool", row => row.home], number("Connections", "size"), number("Busy", "busy"), number("Idle", "idle"),
      number("Waiting", "waiting"), number("Waits", "waits"),
      ["Waited, ms", row => ms(row.waited_seconds), "number"], number("Timed out", "timeouts"),
      number("Opened", "opened"), number("Closed", "closed"),
    ], one.pools, "None is open.");
    section(part, "Holders", [["Who holds a connection", row => row]], one.holders, "Nobody holds a connection.");
    if (one.locks !== null) section(part, "Locks", [
      ["Waiting session", row => row[0]], ["Waits for session", row => row[1]],
      ["Since, s", row => row[2].toFixed(1), "number"],
      ["Kind", row => row[3]], ["Application", row => row[4]],
    ], one.locks, "Nobody waits for a lock.");
    section(part, "Slow queries", queries, one.slow, "None so far.");
    section(part, "Repeated queries", [
      queries[0], ["Most in one task", row => row.repeated, "number"], ["Line", row => row.line], queries[2],
    ], one.repeated, "None so far.");
    all.append(part);
  }
  document.getElementById("all").replaceWith(all);
}
async function ask() {
  const said = document.getElementById("said");
  try {
    const answer = await fetch("?state", { cache: "no-store", credentials: "same-origin" });
    if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
    draw(await answer.json());
    said.textContent = `As of ${new Date().toLocaleTimeString()}`;
    said.className = "quiet";
  } catch (error) {
    said.textContent = `No figures: ${error.message}`;
    said.className = "bad";
  }
  setTimeout(ask, 2000);
}
ask();
</script>
</html>
"""
