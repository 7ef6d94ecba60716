"""What a run does on videos: which are rendered of clips or decoded of files, and which networks see them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

DECODED = "decoded"  # the videos of a folder, beside those that are rendered


@dataclass(frozen=True, kw_only=True)
class Video:
    """The checked part ``video`` of a configuration (``part``, empty where it has none) and what it asks for."""

    part: Mapping[str, Any]
    datasets: tuple[str, ...]
    folders: Mapping[str, Mapping[str, Any]]
    videos: Mapping[str, Mapping[str, Any]]
    networks: Mapping[str, Mapping[str, Any]]

    def rendering(self, videos: str) -> dict[str, Any]:
        """How clips are rendered."""
        return dict(self.videos[videos]["settings"])

    def reading(self, data: str) -> dict[str, Any]:
        """Whose own copy of a video data set is decoded, and how."""
        return {key: self.folders[data][key] for key in ("folder", "settings")}

    def clips(self, videos: str) -> str:
        """The clips that are rendered."""
        return str(self.videos[videos]["clips"])

    def network(self, name: str) -> dict[str, Any]:
        """What makes a trained video network; on which videos its path says."""
        return {key: self.networks[name][key] for key in ("videonet", "settings", "recipe", "weights")}

    def network_code(self, name: str) -> str:
        """The module of a video network of the run."""
        return f"models.videonets.{self.networks[name]['videonet']}"

    @property
    def samples_of(self) -> dict[tuple[str, str], str]:
        """The videos that a network is trained on, by data set and network."""
        pairs = {}
        for data in self.datasets:
            for name, spec in self.networks.items():
                named = spec["videos"] if isinstance(spec["videos"], str) else spec["videos"].get(data)
                if named is not None and (named == DECODED) == (data in self.folders):
                    pairs[data, name] = named
        return pairs


def video(part: Mapping[str, Any], datasets: Iterable[str]) -> Video:
    """What the checked part ``video`` of a configuration asks for; nothing when it is empty."""
    return Video(
        part=part,
        datasets=tuple(part.get("datasets", [*datasets, *part.get("folders", {})])) if part else (),
        folders=part.get("folders", {}),
        videos=part.get("videos", {}),
        networks=part.get("networks", {}),
    )
