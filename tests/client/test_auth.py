"""The sign-in's tokens: renewed ahead of time or when refused, once for everybody, never in a loop."""

import asyncio
from pathlib import Path

import pytest

from importer.client.auth import Credentials
from importer.client.token_store import TokenStore
from importer.destinations.sign_in import TokenSet
from importer.errors import AuthorizationError, ConnectionLostError, Loss, StopRunError
from importer.http import Response
from importer.secret import Secret
from tests.builders import build_answer
from tests.client.auth_road import APP, NOW, WEEK, Host, pair, road
from tests.virtual_time import run_in_virtual_time


class TestAheadOfTime:
    def test_a_token_is_used_until_shortly_before_its_end_and_then_renewed_once(self, tmp_path: Path) -> None:
        async def main() -> None:
            way = await road(Host(), tmp_path)
            assert await way.credentials.access_token() == "acc3ss-1"
            await asyncio.sleep(WEEK - 601)
            assert await way.credentials.access_token() == "acc3ss-1"
            await asyncio.sleep(2)
            got = await asyncio.gather(*[way.credentials.access_token() for _ in range(50)])
            assert set(got) == {"acc3ss-2"}
            assert way.host.refreshes == 1
            assert (await way.stored()).access_token == Secret("acc3ss-2")
            assert way.credentials.expires_at == pytest.approx(way.host.clock() + WEEK)

        run_in_virtual_time(main())

    def test_the_margin_is_never_more_than_half_of_a_short_life(self, tmp_path: Path) -> None:
        async def main() -> None:
            way = await road(Host(life_seconds=100), tmp_path, pair(expires_in=100))
            for _ in range(100):  # in a thousand seconds a life of a hundred is renewed after each fifty
                await way.credentials.access_token()
                await asyncio.sleep(10)
            assert way.host.refreshes == 19

        run_in_virtual_time(main())

    def test_a_wrong_clock_renews_once_and_not_at_every_request(self, tmp_path: Path) -> None:
        async def main() -> None:
            way = await road(Host(), tmp_path)
            ahead = Credentials(way.host, APP, way.store, clock=lambda: NOW + 10 * WEEK)
            for _ in range(20):
                await ahead.access_token()
            assert way.host.refreshes == 1

        # What the host says the token was created at is weeks before this machine's now.
        run_in_virtual_time(main())

    def test_an_outage_does_not_stop_a_run_whose_token_still_holds(self, tmp_path: Path) -> None:
        async def main() -> None:
            way = await road(Host(*[build_answer(503)] * 4), tmp_path, pair(created_at=NOW - WEEK + 300))
            assert await way.credentials.access_token() == "acc3ss-1"
            assert way.host.refreshes == 2
            assert await way.credentials.access_token() == "acc3ss-1"
            assert way.host.refreshes == 2
            await asyncio.sleep(61)
            assert await way.credentials.access_token() == "acc3ss-1"
            await asyncio.sleep(61)
            assert await way.credentials.access_token() == "acc3ss-2"
            assert way.host.refreshes == 5

        run_in_virtual_time(main())

    def test_an_outage_stops_a_run_whose_token_has_ended_and_keeps_the_pair(self, tmp_path: Path) -> None:
        async def main() -> None:
            host = Host(build_answer(503), ConnectionLostError(Loss.DROPPED))
            way = await road(host, tmp_path, pair(created_at=NOW - WEEK))
            with pytest.raises(StopRunError, match="same command again"):
                await way.credentials.access_token()
            assert way.host.refreshes == 2
            assert await way.store.load() is not None

        run_in_virtual_time(main())

    def test_a_pair_of_unknown_life_is_not_renewed_ahead(self, tmp_path: Path) -> None:
        async def main() -> None:
            way = await road(Host(), tmp_path, pair(expires_in=None))
            await asyncio.sleep(2 * WEEK)
            assert await way.credentials.access_token() == "acc3ss-1"
            assert way.credentials.expires_at is None

        run_in_virtual_time(main())


class TestRefused:
    def test_fifty_workers_with_the_same_stale_token_renew_once(self, tmp_path: Path) -> None:
        async def main() -> None:
            way = await road(Host(answer_seconds=3), tmp_path)
            stale = await way.credentials.access_token()
            await asyncio.gather(*[way.credentials.renew(stale) for _ in range(50)])
            await way.credentials.renew(stale)  # a straggler
            assert way.host.refreshes == 1
            assert await way.credentials.access_token() == "acc3ss-2"

        run_in_virtual_time(main())

    def test_what_another_process_has_renewed_is_taken(self, tmp_path: Path) -> None:
        async def main() -> None:
            way = await road(Host(answer_seconds=3), tmp_path)
            ours, theirs = way.credentials, way.another()
            stale = await ours.access_token()
            assert await theirs.access_token() == stale
            await asyncio.gather(ours.renew(stale), theirs.renew(stale))
            assert way.host.refreshes == 1
            assert await ours.access_token() == await theirs.access_token() == "acc3ss-2"

        run_in_virtual_time(main())

    def test_a_refused_renewal_drops_the_pair_and_is_not_tried_again(self, tmp_path: Path) -> None:
        async def main() -> None:
            way = await road(Host(build_answer(400, {"error": "invalid_grant"})), tmp_path)
            stale = await way.credentials.access_token()
            for _ in range(3):
                with pytest.raises(AuthorizationError, match="Sign in again"):
                    await way.credentials.renew(stale)
                with pytest.raises(AuthorizationError, match="Sign in again"):
                    await way.credentials.access_token()
            assert way.host.refreshes == 1
            assert await way.store.load() is None

        run_in_virtual_time(main())

    def test_a_wrong_app_or_a_block_page_keeps_the_pair(self, tmp_path: Path) -> None:
        block = build_answer(403, b"<html>", content_type="text/html")
        for answer in (build_answer(401, {"error": "invalid_client"}), block, build_answer(400)):

            async def main(answer: Response | ConnectionLostError = answer) -> None:
                way = await road(Host(answer), tmp_path)
                for _ in range(3):
                    with pytest.raises(AuthorizationError):
                        await way.credentials.renew("acc3ss-1")
                assert way.host.refreshes == 1
                assert await way.store.load() == pair()

            run_in_virtual_time(main())

    def test_a_web_page_in_place_of_the_answer_keeps_the_pair_and_the_run(self, tmp_path: Path) -> None:
        for status in (400, 401):
            page = build_answer(status, b"<html>", content_type="text/html")

            async def main(page: Response = page) -> None:
                way = await road(Host(page), tmp_path, pair(created_at=NOW - WEEK + 300))
                assert await way.credentials.access_token() == "acc3ss-1"  # it still holds
                assert await way.store.load() is not None
                await asyncio.sleep(61)
                assert await way.credentials.access_token() == "acc3ss-2"

            run_in_virtual_time(main())

    def test_a_container_is_told_about_its_settings(self, tmp_path: Path) -> None:
        async def main() -> None:
            host = Host(build_answer(400))
            store = TokenStore(tmp_path / "tokens" / "x.json", None, pair(expires_in=None))
            credentials = Credentials(host, APP, store, clock=lambda: NOW)
            assert await credentials.access_token() == "acc3ss-1"
            for _ in range(2):
                with pytest.raises(AuthorizationError, match="settings have a token pair"):
                    await credentials.renew("acc3ss-1")
            assert host.refreshes == 1

        run_in_virtual_time(main())

    def test_without_a_refresh_token_nothing_is_asked(self, tmp_path: Path) -> None:
        async def main() -> None:
            way = await road(Host(), tmp_path, TokenSet(Secret("acc3ss-1"), None, NOW))
            with pytest.raises(AuthorizationError, match="no refresh token"):
                await way.credentials.renew("acc3ss-1")
            assert way.host.refreshes == 0

        run_in_virtual_time(main())

    def test_429_is_waited_out_and_an_outage_tried_once_more(self, tmp_path: Path) -> None:
        async def main() -> None:
            limited = build_answer(429, b"slow down", retry_after="7")
            way = await road(Host(limited, limited, build_answer(502)), tmp_path)
            begun = asyncio.get_running_loop().time()
            await way.credentials.renew("acc3ss-1")
            assert asyncio.get_running_loop().time() - begun == pytest.approx(7.9 + 7.9 + 2)
            assert await way.credentials.access_token() == "acc3ss-2"

        run_in_virtual_time(main())

    def test_who_is_not_signed_in_is_told_how(self, tmp_path: Path) -> None:
        async def main() -> None:
            credentials = Credentials(Host(), APP, TokenStore(tmp_path / "tokens" / "x.json", None))
            with pytest.raises(AuthorizationError, match=r"Not signed in at https://auth\.example"):
                await credentials.access_token()

        run_in_virtual_time(main())

    def test_who_signed_out_meanwhile_is_not_signed_in_again(self, tmp_path: Path) -> None:
        async def main() -> None:
            way = await road(Host(), tmp_path)
            stale = await way.credentials.access_token()
            await way.store.forget()
            with pytest.raises(AuthorizationError, match="Signed out"):
                await way.credentials.renew(stale)
            assert way.host.refreshes == 0

        run_in_virtual_time(main())

    def test_a_refresh_token_that_is_not_replaced_stays(self, tmp_path: Path) -> None:
        async def main() -> None:
            way = await road(Host(build_answer(200, {"access_token": "n3w", "expires_in": 60})), tmp_path)
            await way.credentials.renew("acc3ss-1")
            stored = await way.stored()
            assert (stored.access_token, stored.refresh_token) == (Secret("n3w"), Secret("r3fresh-1"))

        run_in_virtual_time(main())
