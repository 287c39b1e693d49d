"""Facts of Simkl's documentation, asked of the look-alike."""

from typing import Any

import pytest

from tests.sandbox.simkl.api import ALIEN, BLADE_RUNNER, SPIRITED_AWAY, THE_WIRE, UNKNOWN, SimklApi
from tests.sandbox.simkl.conftest import OpenSimkl

DAY = 86_400


class TestGate:
    @pytest.mark.parametrize("name", ["client_id", "app-name", "app-version"])
    async def test_every_request_names_the_app(self, simkl: SimklApi, name: str) -> None:
        del simkl.query[name]
        reply = await simkl.call("GET", "/users/settings")
        assert (reply.status, reply.body["error"]) == (412, "client_id_failed")

    async def test_a_header_may_name_the_client(self, simkl: SimklApi) -> None:
        simkl.headers["simkl-api-key"] = simkl.query.pop("client_id")
        assert (await simkl.call("GET", "/users/settings")).status == 200

    async def test_a_token_is_needed(self, simkl: SimklApi) -> None:
        simkl.headers["Authorization"] = "Bearer nonsense"
        reply = await simkl.call("GET", "/users/settings")
        assert (reply.status, reply.body["error"]) == (401, "invalid_token")
        del simkl.headers["Authorization"]
        reply = await simkl.call("GET", "/users/settings")
        assert (reply.status, reply.body["error"]) == (401, "user_token_required")

    async def test_the_day_ends_at_midnight_in_new_york(self, open_simkl: OpenSimkl) -> None:
        simkl = await open_simkl(simkl_day_quota=3, simkl_used_today=1)
        for _ in range(2):
            assert (await simkl.call("GET", "/users/settings")).status == 200
        reply = await simkl.rate(movies=[{**ALIEN, "rating": 8}])
        assert (reply.status, reply.body["error"]) == (429, "user_limit_exceeded")
        assert int(reply.headers["Retry-After"]) == DAY / 2
        assert simkl.store.count_all_ratings("demo") == 0
        simkl.clock.now += DAY / 2
        assert (await simkl.rate(movies=[{**ALIEN, "rating": 8}])).status == 201

    @pytest.mark.parametrize(("kind", "quota"), [("free", 500), ("pro", 1_000), ("vip", 10_000)])
    async def test_a_day_has_requests_by_the_type_of_the_account(
        self, open_simkl: OpenSimkl, kind: str, quota: int
    ) -> None:
        simkl = await open_simkl(simkl_account_type=kind, simkl_used_today=quota - 1)
        reply = await simkl.call("GET", "/users/settings")
        assert reply.body["account"]["type"] == kind
        assert (await simkl.call("GET", "/users/settings")).status == 429

    async def test_too_many_writes_block_the_app_for_a_time(self, open_simkl: OpenSimkl) -> None:
        simkl = await open_simkl(simkl_post_rate="1/10s")
        assert (await simkl.rate(movies=[{**ALIEN, "rating": 8}])).status == 201
        reply = await simkl.rate(movies=[{**ALIEN, "rating": 9}])
        assert (reply.status, reply.body["error"]) == (412, "client_id_failed")
        assert (await simkl.call("GET", "/users/settings")).status == 412
        simkl.clock.now += 61
        assert (await simkl.call("GET", "/users/settings")).status == 200

    async def test_too_many_reads_are_told_to_wait(self, open_simkl: OpenSimkl) -> None:
        simkl = await open_simkl(simkl_get_rate="1/10s")
        await simkl.call("GET", "/users/settings")
        reply = await simkl.call("GET", "/users/settings")
        assert (reply.status, reply.body["error"]) == (429, "rate_limit")
        assert 1 <= int(reply.headers["Retry-After"]) <= 10


class TestSignIn:
    async def test_the_code_and_its_page(self, simkl: SimklApi) -> None:
        code = await simkl.ask_code()
        assert code["verification_uri"].endswith("/simkl/pin")
        assert code["verification_uri_complete"].endswith(f"/simkl/pin?code={code['user_code']}")
        assert (code["expires_in"], code["interval"], len(code["user_code"])) == (900, 5, 9)

    async def test_polls_until_a_person_says_yes(self, open_simkl: OpenSimkl) -> None:
        simkl = await open_simkl(sign_in=False)
        code = await simkl.ask_code()
        answers = [(await simkl.poll(code["device_code"])).body["error"] for _ in range(2)]
        simkl.clock.now += 5
        await simkl.decide(code["user_code"].lower(), "approve")
        tokens = (await simkl.poll(code["device_code"])).body
        assert answers == ["authorization_pending", "slow_down"]
        assert tokens["access_token"].startswith("simkl_at_")
        assert (tokens["expires_in"], tokens["scope"]) == (7 * DAY, "media:read media:write")
        assert (await simkl.poll(code["device_code"])).body["error"] == "invalid_grant"

    async def test_a_no_is_never_told(self, open_simkl: OpenSimkl) -> None:
        simkl = await open_simkl(sign_in=False)
        code = await simkl.ask_code()
        assert (await simkl.decide(code["user_code"], "deny")).status == 200
        assert (await simkl.poll(code["device_code"])).body["error"] == "authorization_pending"
        simkl.clock.now += 900
        assert (await simkl.poll(code["device_code"])).body["error"] == "expired_token"

    @pytest.mark.parametrize("scope", ["", "media:wrote", "media:read"])
    async def test_a_misspelt_scope_may_only_read(self, open_simkl: OpenSimkl, scope: str) -> None:
        simkl = await open_simkl(sign_in=False)
        await simkl.sign_in(scope)
        assert simkl.tokens["scope"] == "media:read"
        reply = await simkl.rate(movies=[{**ALIEN, "rating": 8}])
        assert (reply.status, reply.body["error"]) == (403, "insufficient_scope")
        assert await simkl.list("movies") is None

    async def test_a_renewal_ends_the_old_access_token_and_keeps_the_refresh_token(
        self, simkl: SimklApi
    ) -> None:
        renewed = (await simkl.refresh()).body
        assert "refresh_token" not in renewed
        assert (await simkl.call("GET", "/users/settings")).status == 401
        simkl.use(renewed)
        assert (await simkl.call("GET", "/users/settings")).status == 200
        assert (await simkl.refresh()).status == 200

    async def test_tokens_end(self, simkl: SimklApi) -> None:
        simkl.clock.now += 7 * DAY
        assert (await simkl.call("GET", "/users/settings")).status == 401
        simkl.clock.now += 180 * DAY
        reply = await simkl.refresh()
        assert (reply.status, reply.body["error"]) == (400, "invalid_grant")

    async def test_a_revoked_token_is_gone(self, simkl: SimklApi) -> None:
        body = {"client_id": "sandbox-client", "token": simkl.tokens["access_token"]}
        assert (await simkl.call("POST", "/oauth2/revoke", body)).status == 200
        assert (await simkl.call("GET", "/users/settings")).status == 401
        assert (await simkl.refresh()).status == 400

    async def test_another_app_is_refused(self, simkl: SimklApi) -> None:
        reply = await simkl.call("POST", "/oauth2/device", {"client_id": "another"})
        assert (reply.status, reply.body["error"]) == (401, "invalid_client")


class TestRatings:
    async def test_what_is_rated_is_listed_with_its_ids_and_date(self, simkl: SimklApi) -> None:
        item = {**ALIEN, "rating": 8, "rated_at": "2024-05-01T12:00:00Z"}
        reply = await simkl.rate(movies=[item], shows=[{**THE_WIRE, "rating": 9}])
        assert (reply.status, reply.body["added"]["movies"], reply.body["added"]["shows"]) == (201, 1, 1)
        (entry,) = (await simkl.list("movies"))["movies"]
        assert (entry["user_rating"], entry["user_rated_at"]) == (8, "2024-05-01T12:00:00Z")
        assert entry["movie"]["ids"]["imdb"] == "tt0078748"
        assert entry["movie"]["ids"]["tmdb"] == "348"
        assert isinstance(entry["movie"]["ids"]["simkl"], int)
        assert (entry["status"], (await simkl.list("shows"))["shows"][0]["status"]) == (
            "completed",
            "watching",
        )

    async def test_what_is_not_found_is_echoed_word_for_word(self, simkl: SimklApi) -> None:
        item = {**UNKNOWN, "rating": 8, "rated_at": "2024-05-01", "mine": "x"}
        reply = await simkl.rate(movies=[item, {**BLADE_RUNNER, "rating": 7}])
        assert reply.body["not_found"] == {"movies": [item], "shows": []}
        assert reply.body["added"]["movies"] == 1

    @pytest.mark.parametrize("rating", [0, 11, "8", 7.5, None, True])
    async def test_a_wrong_rating_is_ignored(self, simkl: SimklApi, rating: Any) -> None:
        reply = await simkl.rate(movies=[{**ALIEN, "rating": rating}])
        assert (reply.status, reply.body["added"]["movies"]) == (201, 0)
        assert simkl.store.count_all_ratings("demo") == 0

    async def test_seasons_are_ignored(self, simkl: SimklApi) -> None:
        reply = await simkl.rate(shows=[{**THE_WIRE, "seasons": [{"number": 1, "rating": 9}]}])
        assert reply.body["added"]["shows"] == 0
        assert simkl.store.count_all_ratings("demo") == 0

    async def test_an_empty_body_is_zeros(self, simkl: SimklApi) -> None:
        reply = await simkl.rate()
        assert (reply.status, reply.body["added"]["movies"]) == (201, 0)

    async def test_an_id_of_tmdb_is_of_the_kind_of_its_section(self, simkl: SimklApi) -> None:
        reply = await simkl.rate(shows=[{**BLADE_RUNNER, "rating": 7}])
        assert len(reply.body["not_found"]["shows"]) == 1

    async def test_removing_counts_what_is_known_and_takes_it_off_no_list(self, simkl: SimklApi) -> None:
        await simkl.rate(movies=[{**ALIEN, "rating": 8}])
        reply = await simkl.remove(movies=[ALIEN, BLADE_RUNNER, UNKNOWN])
        assert (reply.status, reply.body["deleted"]["movies"]) == (201, 2)
        assert reply.body["not_found"]["movies"] == [UNKNOWN]
        assert await simkl.list("movies") is None
        assert simkl.store.database.execute("SELECT count(*) FROM simkl_lists").fetchone() == (1,)

    async def test_a_write_locks_the_account(self, open_simkl: OpenSimkl) -> None:
        simkl = await open_simkl(simkl_lock_seconds=20)
        await simkl.rate(movies=[{**ALIEN, "rating": 8}])
        reply = await simkl.rate(movies=[{**ALIEN, "rating": 9}])
        assert (reply.status, reply.body["error"]) == (400, "RATE_LIMIT")
        simkl.clock.now += 20
        assert (await simkl.rate(movies=[{**ALIEN, "rating": 9}])).status == 201

    async def test_anime_has_a_section_of_its_own(self, open_simkl: OpenSimkl) -> None:
        simkl = await open_simkl(simkl_anime=("tt0245429",))
        assert (await simkl.rate(movies=[{**SPIRITED_AWAY, "rating": 9}])).body["added"]["movies"] == 0
        assert (await simkl.rate(anime=[{**SPIRITED_AWAY, "rating": 9}])).body["added"]["shows"] == 1
        (entry,) = (await simkl.list("anime"))["anime"]
        assert (entry["anime_type"], entry["show"]["ids"]["imdb"]) == ("movie", "tt0245429")
        assert await simkl.list("movies") is None

    async def test_a_list_has_the_ratings_that_were_asked_for(self, simkl: SimklApi) -> None:
        await simkl.rate(movies=[{**ALIEN, "rating": 8}, {**BLADE_RUNNER, "rating": 7}])
        assert len((await simkl.list("movies", "7"))["movies"]) == 1
        assert len((await simkl.list("misspelt"))["movies"]) == 2

    async def test_activities_move_with_ratings_only_of_their_kind(self, simkl: SimklApi) -> None:
        first = (await simkl.call("GET", "/sync/activities")).body
        await simkl.rate(movies=[{**ALIEN, "rating": 8}])
        second = (await simkl.call("GET", "/sync/activities")).body
        assert first["movies"]["rated_at"] != second["movies"]["rated_at"]
        assert first["tv_shows"] == second["tv_shows"]
