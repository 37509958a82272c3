"""The mixin with which a runtime finds services that other packages offer to blocks.

A service is an entry point in the group `xblock.service.v1`. Its name is the name that blocks need
or want. Its object is a class, constructed as `Service(runtime=…, xblock=…)` for each requesting
block. This is the contract proposed for XBlock itself (openedx/XBlock pull request 927).
`EntryPointServices` implements it for runtimes until XBlock does. Then the mixin is removed, and
nothing else changes (ADR 2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xblock.exceptions import NoSuchServiceError
from xblock.plugin import Plugin, PluginMissingError

if TYPE_CHECKING:
    from xblock.runtime import Runtime as _Base
else:
    _Base = object


class ServiceProvider(Plugin):
    """The plugin type of services. `.overrides` take precedence; duplicate names are an error."""

    entry_point = "xblock.service.v1"  # type: ignore[assignment]


class EntryPointServices(_Base):
    """A mixin that adds other packages' services to a runtime. List it before the Runtime class."""

    def service(self, block: Any, service_name: str) -> Any:
        """Return the runtime's own service, else one from an entry point, else None.

        A name that the runtime has is always the runtime's own. A value of None switches it off.

        Raises NoSuchServiceError if the block did not declare the service, or needs a missing one.
        Raises AmbiguousPluginError if two packages claim the name.
        """
        if service_name in self._services:
            return super().service(block, service_name)
        declaration = block.service_declaration(service_name)
        if declaration is None:
            msg = f"Service {service_name!r} was not requested."
            raise NoSuchServiceError(msg)
        service = self._service_from_entry_point(block, service_name)
        if service is None and declaration == "need":
            msg = f"Service {service_name!r} is not available."
            raise NoSuchServiceError(msg)
        return service

    def _service_from_entry_point(self, block: Any, service_name: str) -> Any:
        services: dict[str, Any] = block.__dict__.setdefault("_entry_point_services", {})
        if service_name not in services:
            try:
                provider = ServiceProvider.load_class(service_name)
            except PluginMissingError:
                return None
            services[service_name] = provider(runtime=self, xblock=block)
        return services[service_name]
