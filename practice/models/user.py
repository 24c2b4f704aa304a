"""Who signs in."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import BaseUserManager
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.functions import Lower

from practice import contacts


class UserQuerySet(models.QuerySet["User"]):
    def update(self, **changes: Any) -> int:
        """Saves accounts that are shut one by one as well, which ends their sessions."""
        shut = list(self.values_list("pk", flat=True)) if "is_active" in changes else []
        changed = super().update(**changes)
        for user in self.model.objects.filter(pk__in=shut, is_active=False):
            user.save(update_fields=["is_active"])
        return changed


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A user who signs in by `email`, whatever its capitals. Raises ValueError without an
        address.
        """
        email = (email or "").strip().lower()
        if not email:
            raise ValueError("A user needs an email address.")
        user: User = self.model(email=email, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        user: User = self.get(email__iexact=username)
        return user


class User(AbstractUser):
    """Somebody of the practice. Visitors have no account."""

    username = None  # type: ignore[assignment]
    email = models.EmailField("email address", unique=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = UserManager()  # type: ignore[misc]

    class Meta:
        verbose_name = "user"
        verbose_name_plural = "users"
        constraints: ClassVar = [
            models.UniqueConstraint(
                Lower("email"),
                name="user_email_whatever_capitals",
                violation_error_message="A user with this email address already exists.",
            )
        ]

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keeps the address in small letters, in which signing in looks for it."""
        self.email = contacts.visible(self.email).lower()
        super().save(*args, **kwargs)

    def __str__(self) -> str:
        return self.get_full_name() or self.email
