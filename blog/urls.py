from django.urls import path

from blog import feeds, views

app_name = "blog"
urlpatterns = [
    path("feed/", feeds.feed, name="feed"),
    path("topics/<slug:slug>/", views.topic, name="topic"),
]
