"""Packages that choose an arm for a user, each used as its documentation describes."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version

from flag_engine.engine import get_evaluation_result
from growthbook import Experiment, GrowthBook
from UnleashClient import UnleashClient
from UnleashClient.cache import FileCache

from benchmarks.courses import WEIGHTS

NAMES = [str(number) for number in range(len(WEIGHTS))]
SHARES = [weight / sum(WEIGHTS) for weight in WEIGHTS]


@dataclass(frozen=True, slots=True)
class Peer:
    """A package to compare with. `choose` returns the name of a user's arm."""

    name: str
    choose: Callable[[str], str]


@contextmanager
def peers() -> Iterator[list[Peer]]:
    with tempfile.TemporaryDirectory() as folder:
        yield [
            Peer(f"growthbook {version('growthbook')} reused", _growthbook_reused()),
            Peer(f"growthbook {version('growthbook')} anew", _growthbook_anew()),
            Peer(f"flag-engine {version('flagsmith-flag-engine')}", _flag_engine()),
            Peer(f"UnleashClient {version('UnleashClient')}", _unleash(folder)),
        ]


def planout() -> str:
    """Return the reason why PlanOut is not measured, after trying to import it."""
    name = f"PlanOut {version('planout')}"
    try:
        import_module("planout.experiment")
    except ImportError as error:
        reason = str(error).partition(" (")[0]
        return f"{name} is not measured: it does not import on this Python ({reason})."
    return f"{name} is not measured, though it imports on this Python."


def _growthbook_reused() -> Callable[[str], str]:
    experiment = Experiment(key="benchmark", variations=NAMES, weights=SHARES)
    instance = GrowthBook()

    def choose(user_id: str) -> str:
        instance.set_attributes({"id": user_id})
        return str(instance.run(experiment).value)

    return choose


def _growthbook_anew() -> Callable[[str], str]:
    experiment = Experiment(key="benchmark", variations=NAMES, weights=SHARES)

    def choose(user_id: str) -> str:
        return str(GrowthBook(attributes={"id": user_id}).run(experiment).value)

    return choose


def _flag_engine() -> Callable[[str], str]:
    variants = [
        {"key": name, "value": name, "weight": share * 100, "priority": int(name)}
        for name, share in zip(NAMES, SHARES, strict=True)
    ]
    features = {
        "benchmark": {
            "key": "1",
            "name": "benchmark",
            "enabled": True,
            "value": NAMES[0],
            "variants": variants,
        }
    }
    environment = {"key": "environment", "name": "Environment"}

    def choose(user_id: str) -> str:
        result = get_evaluation_result(
            {
                "environment": environment,
                "identity": {"identifier": user_id, "key": user_id},
                "features": features,
            }
        )
        return str(result["flags"]["benchmark"]["value"])

    return choose


def _unleash(folder: str) -> Callable[[str], str]:
    """Return a chooser of a client that starts with local data and contacts no server."""
    variants = [
        {"name": name, "weight": weight, "weightType": "variable", "stickiness": "default"}
        for name, weight in zip(NAMES, WEIGHTS, strict=True)
    ]
    feature = {
        "name": "benchmark",
        "type": "experiment",
        "enabled": True,
        "strategies": [{"name": "default", "parameters": {}}],
        "variants": variants,
    }
    cache = FileCache("benchmark", directory=folder)
    cache.bootstrap_from_dict({"version": 2, "features": [feature]})
    client = UnleashClient(
        url="http://127.0.0.1:9",
        app_name="benchmark",
        cache=cache,
        disable_metrics=True,
        disable_registration=True,
    )

    def choose(user_id: str) -> str:
        return str(client.get_variant("benchmark", {"userId": user_id})["name"])

    return choose
