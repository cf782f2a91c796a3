"""`TickBox`: a box to tick whose text is its label: a click on the text ticks it, and screen readers say it. Imports Panel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import panel as pn
from bokeh.models import CheckboxGroup


class TickBox(pn.widgets.Checkbox):  # type: ignore[misc]  # Panel has no types
    """Used as Panel's `Checkbox`, whose text is not bound to its box.

    Examples
    --------
    >>> box = TickBox(label="Log counts")
    >>> model = box.get_root()
    >>> box.value = True
    >>> model.labels, model.active
    (['Log counts'], [0])
    """

    _widget_type: ClassVar[type[Any]] = CheckboxGroup
    _rename: ClassVar[Mapping[str, str | None]] = {
        **pn.widgets.Checkbox._rename,
        "value": "active",
        "label": "labels",
    }

    def _process_param_change(self, params: dict[str, Any]) -> dict[str, Any]:
        found = super()._process_param_change(params)
        if "active" in found:
            found["active"] = [0] if found["active"] else []
        if "labels" in found:
            found["labels"] = [found["labels"]]
        return dict(found)

    def _process_property_change(self, msg: dict[str, Any]) -> dict[str, Any]:
        found = super()._process_property_change(msg)
        if "value" in found:
            found["value"] = bool(found["value"])
        if "label" in found:
            found["label"] = found["label"][0]
        return dict(found)
