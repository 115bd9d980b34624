"""A shop with about twenty products whose prices and manners can be changed while it runs."""

from sandbox.shop.product import Availability, Mode, ShopProduct, Style, Variant
from sandbox.shop.shop import DemoShop

__all__ = ["Availability", "DemoShop", "Mode", "ShopProduct", "Style", "Variant"]
