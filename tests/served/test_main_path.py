"""The main job, line by line: what a person or a program must be able to count on."""

from __future__ import annotations

import io

import httpx
import pytest
import sqlalchemy as sa
from gradio_client import handle_file
from PIL import Image

from app import Core
from database import migrate
from domain import Goal, Language, ModelInfo, ModelState, PolicyFacts, Readiness, Reason, SelectionRequest, Statement
from policy import ModelSelectionPolicy
from registry import ModelRegistry
from tests.conftest import SettingsMaker
from tests.fakes.behaviours import fail, http, succeed
from tests.fakes.replicate_server import V1 as V1_AT_REPLICATE
from tests.fakes.replicate_server import V2 as V2_AT_REPLICATE
from tests.serving import Served
from ui.card import model_card
from wording import say_all

V2, V1, BIREFNET = "flux-kontext-lora-v2", "flux-kontext-lora-v1", "birefnet"
RUN_KEYS = {
    "run_id",
    "status",
    "model_id",
    "reason",
    "explanation",
    "fallback_chain",
    "candidates",
    "attempts",
    "warnings",
    "seconds",
    "cost_usd",
    "policy_version",
}
POLICY = ModelSelectionPolicy()


@pytest.fixture
def models(registry: ModelRegistry) -> list[ModelInfo]:
    return registry.get_all_models()


@pytest.fixture
def facts(models: list[ModelInfo]) -> PolicyFacts:
    """Everything is ready."""
    return PolicyFacts(readiness={model.id: Readiness(ready=True) for model in models})


def test_database_created(make_settings: SettingsMaker, local_core: Core):
    assert (local_core.settings.data_dir / "cutout-router.db").stat().st_size > 0


def test_migrations_run(local_core: Core):
    tables = set(sa.inspect(local_core.database.engine).get_table_names())
    assert {"models", "runs", "attempts", "journal"} <= tables
    with local_core.database.read() as session:
        assert session.scalar(sa.text("SELECT version_num FROM alembic_version")) == migrate(local_core.database)


def test_seed_loaded(local_core: Core):
    with local_core.database.read() as session:
        assert session.scalar(sa.text("SELECT count(*) FROM models")) == 5


def test_the_three_models_of_the_chain_present(registry: ModelRegistry):
    found = {model_id: registry.get_model_by_id(model_id) for model_id in (V2, V1, BIREFNET)}
    assert {model_id: model.priority for model_id, model in found.items()} == {V2: 20, V1: 10, BIREFNET: 5}


def test_all_active_models(registry: ModelRegistry):
    active = registry.get_all_models(active_only=True)
    assert [model.id for model in active] == [V2, V1, BIREFNET, "birefnet-lite", "embedded"]
    assert all(model.is_active for model in active)


def test_by_id(registry: ModelRegistry):
    assert registry.get_model_by_id(BIREFNET).name == "BiRefNet"


def test_by_tag(registry: ModelRegistry):
    assert [model.id for model in registry.get_models_by_tag("enhanced")] == [V2]


def test_structure_of_model_info(models: list[ModelInfo]):
    for model in models:
        told = model.model_dump()
        assert set(told) >= {"id", "name", "version", "provider", "endpoint", "dataset_notes", "pros", "cons", "spec"}
        assert set(told) >= {"tags", "supports_marketplaces", "priority", "is_active", "price_usd", "licence"}
        assert model.pros
        assert model.cons
        assert model.typical_seconds > 0
        assert model.estimates


def test_auto_choice_is_v2(models: list[ModelInfo], facts: PolicyFacts):
    assert POLICY.select_model(SelectionRequest(), models, facts).plan == (V2, V1, BIREFNET)


def step_after(failed: str, models: list[ModelInfo], facts: PolicyFacts) -> str | None:
    selection = POLICY.select_model(SelectionRequest(), models, facts)
    return POLICY.get_fallback_model(failed, "timed_out", selection, models, facts).model_id


def test_v2_to_v1(models: list[ModelInfo], facts: PolicyFacts):
    assert step_after(V2, models, facts) == V1


def test_v1_to_birefnet(models: list[ModelInfo], facts: PolicyFacts):
    assert step_after(V1, models, facts) == BIREFNET


def test_birefnet_to_none(models: list[ModelInfo], facts: PolicyFacts):
    assert step_after(BIREFNET, models, facts) is None


def test_explanation_names_the_reason(models: list[ModelInfo], facts: PolicyFacts):
    by_goal = {
        goal: say_all(POLICY.select_model(SelectionRequest(goal=goal), models, facts).explanation) for goal in Goal
    }
    assert "highest priority (20)" in by_goal[Goal.BALANCED]
    assert "you asked for speed" in by_goal[Goal.FAST]
    assert "you asked for quality" in by_goal[Goal.QUALITY]


def test_persons_choice(models: list[ModelInfo], facts: PolicyFacts):
    selection = POLICY.select_model(SelectionRequest(model_id=V1), models, facts)
    assert (selection.model_id, selection.reason) == (V1, Reason.USER_CHOICE)
    assert "because you chose it" in say_all(selection.explanation)


def test_get_models(local: Served):
    assert [model["id"] for model in httpx.get(f"{local.url}/models").json()][:3] == [V2, V1, BIREFNET]


def test_get_models_id(local: Served):
    assert httpx.get(f"{local.url}/models/{V2}").json()["spec"]["num_inference_steps"] == 50


def test_json_shape(local: Served):
    for told in httpx.get(f"{local.url}/models").json():
        assert ModelInfo.model_validate(told).model_dump(mode="json") == told


def test_404(local: Served):
    answer = httpx.get(f"{local.url}/models/no-such-model")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == 404


def test_page_loads(local: Served):
    answer = httpx.get(local.url)
    assert answer.status_code == 200
    assert "Cutout Router" in answer.text


def test_list_through_the_api(local: Served):
    told = local.client().predict(api_name="/list_models")
    assert [model["id"] for model in told][:3] == [V2, V1, BIREFNET]


def test_choice_by_a_person(hosted: Served, photo: str):
    _, told = hosted.client().predict(handle_file(photo), model_id=BIREFNET, api_name="/process")
    assert (told["model_id"], told["reason"]) == (BIREFNET, "user_choice")


def test_card_shows_pros_cons_specs(models: list[ModelInfo]):
    v2 = next(model for model in models if model.id == V2)
    card = model_card(ModelState(model=v2, available=True, statement=Statement(code="state.ready")), Language.EN)
    for said in (v2.pros[1].en, v2.cons[0].en, "50", "3.5"):
        assert said in card


def test_run_with_the_chosen_model(hosted: Served, photo: str):
    cutout, told = hosted.client().predict(handle_file(photo), api_name="/process")
    sent = hosted.replicate.jobs[0].inputs
    assert (sent["num_inference_steps"], sent["guidance"]) == (50, 3.5)
    assert told["attempts"][0]["prediction_id"] == hosted.replicate.jobs[0].id
    with Image.open(cutout) as picture:
        assert (picture.format, picture.mode, picture.size) == ("PNG", "RGBA", (320, 240))


def test_the_run_comes_as_json_of_one_shape(hosted: Served, photo: str):
    _, told = hosted.client().predict(handle_file(photo), api_name="/process")
    assert set(told) == RUN_KEYS
    assert set(told["candidates"][0]) == {"model_id", "verdict", "objection", "explanation"}
    assert set(told["attempts"][0]) >= {"model_id", "outcome", "error", "seconds", "cost_usd", "prediction_id"}
    assert httpx.get(f"{hosted.url}/runs/{told['run_id']}").json() == told


def test_choice_logged(hosted: Served, photo: str):
    _, told = hosted.client().predict(handle_file(photo), model_id=V1, api_name="/process")
    first = hosted.core.journal.entries(told["run_id"])[0]
    assert (first.event, first.model_id, first.code) == ("selection", V1, "user_choice")


def test_unknown_id_is_none(registry: ModelRegistry):
    assert registry.get_model_by_id("no-such-model") is None


def test_unknown_tag_is_an_empty_list(registry: ModelRegistry):
    assert registry.get_models_by_tag("no-such-tag") == []


def test_graceful_fallback_on_api_errors(hosted: Served, photo: str):
    hosted.replicate.always(V2_AT_REPLICATE, http(500))
    hosted.replicate.always(V1_AT_REPLICATE, fail())
    _, told = hosted.client().predict(handle_file(photo), api_name="/process")
    assert (told["status"], told["model_id"], told["reason"]) == ("succeeded", BIREFNET, "fallback_error")
    assert [attempt["outcome"] for attempt in told["attempts"]] == ["failed", "failed", "succeeded"]
    assert told["fallback_chain"] == [V1, BIREFNET]


def test_a_refused_result_says_its_money_to_programs_and_the_next_model_takes_over(hosted: Served, photo: str):
    blank = io.BytesIO()
    Image.new("RGB", (1184, 880), "white").save(blank, "PNG")
    hosted.replicate.always(V2_AT_REPLICATE, succeed(blank.getvalue()))
    _, told = hosted.client().predict(handle_file(photo), api_name="/process")
    assert (told["status"], told["model_id"], told["reason"]) == ("succeeded", V1, "fallback_quality")
    assert (told["attempts"][0]["outcome"], told["attempts"][0]["cost_usd"]) == ("refused", 0.03)
    assert "was refused (no product was found; this cost $0.03), so FLUX Kontext LoRA v1" in told["explanation"]
    assert httpx.get(f"{hosted.url}/runs/{told['run_id']}").json() == told
