"""Fixtures of the fault tests: whole worlds of real processes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from .world import World


class Worlds:
    """Keeps one world for the next test; one that was left in disorder, or not looked at, is ended."""

    def __init__(self, factory: pytest.TempPathFactory) -> None:
        self._factory = factory
        self._idle: list[World] = []

    def take(self) -> World:
        """A world in order."""
        world = self._idle.pop() if self._idle else World(self._factory.mktemp("world")).__enter__()
        world.begin()
        return world

    def give_back(self, world: World) -> None:
        """Take it back for the next test, or end it."""
        if world.is_in_order:
            world.rest()
            self._idle.append(world)
        else:
            world.__exit__()

    def end(self) -> None:
        """End what is kept."""
        with ExitStack() as stack:
            for world in self._idle:
                stack.push(world)


@pytest.fixture(scope="session")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worlds]:
    """The worlds of this test process."""
    worlds = Worlds(tmp_path_factory)
    yield worlds
    worlds.end()


@pytest.fixture
def world(worlds: Worlds) -> Iterator[World]:
    """A world in which everything is as the demonstration has it, only quicker."""
    world = worlds.take()
    yield world
    worlds.give_back(world)
